import { describe, test } from "vitest";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
import { createTfjsExecutor } from "../executors/tfjs/executor.ts";
import { createWebGpuExecutor } from "../executors/webgpu/executor.ts";
import { apply } from "../graph/apply.ts";
import type { Graph, TensorData } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { trace } from "../graph/trace.ts";
import { floatsFrom, halvesFrom } from "../half.ts";
import type { AdapterFacts, AnyOp, KernelChoices } from "../op.ts";
import { opsOf } from "../ops/ops-of.ts";
import { nodeSpecs } from "../profile/costs.ts";
import { type DType, elementCount, isFloat, type TensorSpec } from "../spec.ts";
import { expectClose, type Tolerance } from "./allclose.ts";
import { gradcheck } from "./gradcheck.ts";
import { type Fill, gaussian, testRandom } from "./random.ts";

export interface OpCase {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly dtypes?: Readonly<Record<string, DType>>;
  readonly attrs?: object;
  /** Values by operand; the others are drawn from `fill`, by default a standard gaussian. */
  readonly values?: Readonly<Record<string, readonly number[]>>;
  readonly fill?: Readonly<Record<string, Fill>>;
  /** First output, worked by hand or recorded: the judge of the definition. */
  readonly expect?: readonly number[];
  readonly tolerance?: Partial<Tolerance>;
  /** False where the op has no useful gradient at these values. */
  readonly gradients?: boolean;
  /** False for cases too large for the interpreters. */
  readonly tfjs?: boolean;
  /** Facts that replace the adapter's, for instance a small grid limit. */
  readonly adapter?: Partial<AdapterFacts>;
}

export interface DescribeOpOptions {
  /** Default: `navigator.gpu`. */
  readonly gpu?: GPU;
  /** Stored type of float operands. Gradients and tfjs are checked in f32 only. */
  readonly float?: "f32" | "f16";
}

/** Tests an op: kernel, tfjs rule and gradient against its meaning in double precision. Without a GPU the tests fail. */
export function describeOp(op: AnyOp, cases: Readonly<Record<string, OpCase>>, options: DescribeOpOptions = {}): void {
  describe(options.float === "f16" ? `${op.name} (f16)` : op.name, () => {
    for (const [title, opCase] of Object.entries(cases)) {
      test(title, () => checkCase(op, opCase, options));
    }
  });
}

async function checkCase(op: AnyOp, opCase: OpCase, { gpu, float = "f32" }: DescribeOpOptions): Promise<void> {
  const specs = specsOf(opCase, float);
  const model = (inputs: Readonly<Record<string, Tensor>>) => apply(op, inputs, opCase.attrs ?? {});
  const graph = trace((tracer) => {
    const inputs = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, tracer.input(name, spec)]));
    return Object.fromEntries(model(inputs).map((output, i) => [`y${i}`, output]));
  });
  const inputs = Object.fromEntries(
    Object.entries(specs).map(([name, spec], i) => [name, valuesOf(opCase, name, spec, i)]),
  );
  const exact = evaluateF64(graph, { inputs });
  const defaults = float === "f16" ? { rtol: 4e-3, atol: 4e-3 } : { rtol: 1e-5, atol: 1e-5 };
  const tolerance = { ...defaults, ...opCase.tolerance };
  if (opCase.expect)
    expectClose("definition", exact.y0!.data, opCase.expect, { ...tolerance, atol: tolerance.atol * 2 });
  await checkKernel({ graph, inputs, exact, tolerance, gpu, facts: opCase.adapter });
  if (float === "f16") return;
  if (opCase.tfjs !== false) await checkTfjs(graph, inputs, exact, tolerance);
  if (opCase.gradients !== false) {
    gradcheck(
      specs,
      Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, Float64Array.from(data)])),
      model,
    );
  }
}

function specsOf({ shapes, dtypes }: OpCase, float: "f32" | "f16"): Record<string, TensorSpec> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { dtype: dtypes?.[name] ?? float, shape }]),
  );
}

function valuesOf({ values, fill }: OpCase, name: string, spec: TensorSpec, seed: number): TensorData {
  const random = testRandom(1000 + seed);
  const draw = fill?.[name] ?? gaussian();
  const numbers = values?.[name] ?? Array.from({ length: elementCount(spec.shape) }, () => draw(random));
  if (spec.dtype === "f16") return halvesFrom(numbers);
  if (spec.dtype === "f32") return Float32Array.from(numbers);
  return spec.dtype === "i32" ? Int32Array.from(numbers) : Uint32Array.from(numbers);
}

interface KernelCheck {
  readonly graph: Graph;
  readonly inputs: Readonly<Record<string, TensorData>>;
  readonly exact: ReturnType<typeof evaluateF64>;
  readonly tolerance: Tolerance;
  readonly gpu: GPU | undefined;
  readonly facts: Partial<AdapterFacts> | undefined;
}

/** Checks the kernel, and where the adapter may choose between several, each of them. */
async function checkKernel({ graph, inputs, exact, tolerance, gpu, facts }: KernelCheck): Promise<void> {
  using opened = await createWebGpuExecutor({ ...(gpu && { gpu }), ...(facts && { facts }) });
  for (const choices of await candidatesOf(graph, opened.facts)) {
    using executor = await createWebGpuExecutor({ device: opened.device, facts: { ...facts, choices } });
    using program = await executor.compile(graph);
    const kernel = ["kernel", ...Object.values(choices)].join(" ");
    compare(kernel, graph, await program.run(inputs), { exact, tolerance });
  }
}

async function candidatesOf(graph: Graph, facts: AdapterFacts): Promise<KernelChoices[]> {
  const ops = await opsOf(graph);
  const node = graph.nodes.at(-1)!;
  const choice = ops[node.op]!.lower?.(nodeSpecs(node, graph), node.attrs, facts).choice;
  return choice ? choice.names.map((name) => ({ [choice.work]: name })) : [{}];
}

async function checkTfjs(
  graph: Graph,
  inputs: Readonly<Record<string, TensorData>>,
  exact: ReturnType<typeof evaluateF64>,
  tolerance: Tolerance,
): Promise<void> {
  const tf = await import("@tensorflow/tfjs-core");
  await import("@tensorflow/tfjs-backend-cpu");
  await tf.setBackend("cpu");
  using executor = await createTfjsExecutor(tf);
  using program = await executor.compile(graph);
  compare("tfjs", graph, await program.run(inputs), { exact, tolerance });
}

function compare(
  who: string,
  graph: Graph,
  actual: Readonly<Record<string, TensorData>>,
  { exact, tolerance }: { readonly exact: ReturnType<typeof evaluateF64>; readonly tolerance: Tolerance },
): void {
  for (const [name, data] of Object.entries(actual)) {
    const { dtype } = graph.values[graph.outputs[name]!]!;
    const numbers = dtype === "f16" ? floatsFrom(data as Uint16Array) : data;
    expectClose(`${who} ${name}`, numbers, exact[name]!.data, isFloat(dtype) ? tolerance : { rtol: 0, atol: 0 });
  }
}
