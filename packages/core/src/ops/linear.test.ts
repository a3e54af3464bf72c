import { expect, test } from "vitest";
import type { AdapterFacts, Kernel } from "../op.ts";
import type { TensorSpec } from "../spec.ts";
import { cpuKernels } from "./cpu-kernels.ts";
import { linearOp } from "./linear.ts";
import { quantizedLinearOp } from "./quantized-linear.ts";
import { similarityOp } from "./similarity.ts";

const f32 = (...shape: number[]): TensorSpec => ({ dtype: "f32", shape });
const f16 = (...shape: number[]): TensorSpec => ({ dtype: "f16", shape });
const u32 = (...shape: number[]): TensorSpec => ({ dtype: "u32", shape });
const none = { activation: "none" } as const;

test("the result has x's dtype, the weight may be f16", () => {
  expect(linearOp.infer({ x: f32(2, 3, 8), weight: f16(5, 8), bias: f16(5) }, none)).toEqual([f32(2, 3, 5)]);
});

test.each([
  ["weight", { x: f32(2, 8), weight: f32(5, 7) }, "linear: weight must have shape [5,8], got f32[5,7]"],
  ["weight's axes", { x: f32(2, 8), weight: f32(5, 7, 1) }, "linear: weight must have 2 axes, got f32[5,7,1]"],
  ["bias", { x: f32(2, 8), weight: f32(5, 8), bias: f32(8) }, "linear: bias must have shape [5], got f32[8]"],
  [
    "residual",
    { x: f32(2, 8), weight: f32(5, 8), residual: f32(2, 8) },
    "linear: residual must have shape [2,5], got f32[2,8]",
  ],
  ["dtype", { x: u32(2, 8), weight: f32(5, 8) }, "linear: x must be f32 or f16, got u32[2,8]"],
])("linear names the operand at fault: %s", (_what, operands, message) => {
  expect(() => linearOp.infer(operands, none)).toThrow(message);
});

test("similarity refuses other widths and temperatures that are no scalars", () => {
  const infer = (b: TensorSpec, temperature?: TensorSpec) =>
    similarityOp.infer({ a: f32(3, 4), b, ...(temperature && { temperature }) }, { scale: 1 });
  expect(() => infer(f32(2, 5))).toThrow("similarity: b must have shape [2,4], got f32[2,5]");
  expect(() => infer(f32(2, 4), f32(1))).toThrow("similarity: temperature must have shape [], got f32[1]");
});

test("quantizedLinear refuses groups that do not divide the depth in whole words", () => {
  const operands = { x: f32(2, 32), packed: u32(5, 4), scales: f32(5, 4) };
  const infer = (group: number) => quantizedLinearOp.infer(operands, { ...none, bits: 4, group });
  expect(infer(8)).toEqual([f32(2, 5)]);
  expect(() => infer(4)).toThrow(/group 4 must divide 32, .* words of 8 integers/);
  expect(() => infer(24)).toThrow(/group 24 must divide 32/);
  expect(() => infer(16)).toThrow("quantizedLinear: scales must have shape [5,2], got f32[5,4]");
});

const adapter: AdapterFacts = {
  isCpu: true,
  cpu: cpuKernels,
  shaderF16: false,
  subgroups: true,
  subgroupMinSize: 4,
  subgroupMaxSize: 4,
  maxWorkgroupsPerDimension: 65535,
  maxWorkgroupStorageBytes: 16384,
  maxInvocationsPerWorkgroup: 256,
};

/** The kernel of a ViT's first MLP layer on an adapter. */
function kernelOf(facts: Partial<AdapterFacts>, rows = 257): Kernel {
  const specs = { inputs: { x: f32(rows, 768), weight: f32(3072, 768) }, outputs: [f32(rows, 3072)] };
  return linearOp.lower!(specs, none, { ...adapter, ...facts });
}

function kernelText(facts: Partial<AdapterFacts>, rows = 257): string {
  return kernelOf(facts, rows).source.text;
}

test("the variant follows the adapter", () => {
  expect(kernelText({})).toContain("quadSwapDiagonal");
  expect(kernelText({ subgroupMinSize: 8, subgroupMaxSize: 8 })).toContain("subgroupBroadcast");
  expect(kernelText({ subgroupMaxSize: 8 })).not.toMatch(/subgroupBroadcast|quadSwap/); // a size that may vary
  expect(kernelText({ subgroups: false })).not.toContain("subgroup");
  expect(kernelText({ isCpu: false })).toContain("var<workgroup> tileA");
  expect(kernelText({ isCpu: false }, 1)).toContain("workgroupSum(lanes");
  expect(kernelText({ isCpu: false, subgroups: false }, 1)).not.toContain("subgroup");
});

test("a candidate is taken where the adapter chose it, else the first", () => {
  const { choice, source } = kernelOf({ isCpu: false });
  expect(choice).toEqual({ work: "product 4 4 0 8 12 10", names: ["64 rows", "32 rows"] });
  const chosen = (name: string) => kernelText({ isCpu: false, choices: { [choice!.work]: name } });
  expect(chosen("64 rows")).toBe(source.text);
  expect(chosen("32 rows")).not.toBe(source.text);
  expect(chosen("a tile of tomorrow")).toBe(source.text);
  expect(kernelOf({ isCpu: false }, 20).choice!.names).toEqual(["32 rows"]);
});
