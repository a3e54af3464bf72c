import { bindings } from "../bindings.ts";
import type { AdapterFacts, Kernel, KernelSpecs } from "../op.ts";
import { startOf } from "../product-spec.ts";
import { lastDim, rowCount } from "../shape.ts";
import { type Wgsl, wgsl } from "../wgsl.ts";
import { type Activation, activations } from "./snippets/activation.ts";
import { productKernel, storedFactor, vectorWidth } from "./snippets/product.ts";

type Epilogue = "bias" | "residual";

/** A product with the weight's rows, activation and residual applied as results are stored. */
export function linearKernel(
  specs: KernelSpecs<"x" | "weight", Epilogue>,
  activation: Activation,
  adapter: AdapterFacts,
): Kernel {
  const { x, weight, bias, residual } = specs.inputs;
  const depth = lastDim(x);
  const vector = vectorWidth(1, depth, false);
  const factor = { depth, vector, depthMajor: false };
  const product = {
    a: storedFactor("A", { ...factor, name: "x", extent: rowCount(x) }),
    b: storedFactor("B", { ...factor, name: "weight", extent: lastDim(specs.outputs[0]!) }),
    depth,
    batch: 1,
    declarations: bindings({ x, weight, bias, residual }, ...linearResult(specs, { x: vector, weight: vector })),
    initial: startOf(bias),
    store: linearStore(specs, activation),
  };
  return productKernel(product, adapter);
}

type Stored = KernelSpecs<never, Epilogue>;

/** What `bindings` is told of the result: it may lie where the residual is. */
export function linearResult({ outputs, overwritten }: Stored, vector: Readonly<Record<string, number>>) {
  return [{ y: overwritten ? undefined : outputs[0] }, { vector, inPlace: [overwritten ?? ""] }] as const;
}

/** Declares `store`: activation and residual of a sum that has the bias. */
export function linearStore({ inputs: { residual }, outputs, overwritten }: Stored, activation: Activation): Wgsl {
  const y = outputs[0]!;
  return wgsl`
    ${activations[activation].wgsl}
    fn store(batch: u32, row: u32, column: u32, product: f32) {
      let at = row * ${lastDim(y)}u + column;
      ${overwritten ?? "y"}[at] = ${y.dtype}(activate(product)${residual ? " + f32(residual[at])" : ""});
    }`;
}
