import { bindings } from "../bindings.ts";
import type { AdapterFacts, Kernel } from "../op.ts";
import { lastDim, rowCount } from "../shape.ts";
import type { TensorSpec } from "../spec.ts";
import { type Wgsl, wgsl } from "../wgsl.ts";
import { type Activation, activations } from "./snippets/activation.ts";
import { productKernel, storedFactor, vectorWidth } from "./snippets/product.ts";

export interface LinearSpecs {
  readonly x: TensorSpec;
  readonly weight: TensorSpec;
  readonly bias?: TensorSpec;
  readonly residual?: TensorSpec;
  readonly y: TensorSpec;
}

/** A product with the weight's rows, activation and residual applied as results are stored. */
export function linearKernel(specs: LinearSpecs, activation: Activation, adapter: AdapterFacts): Kernel {
  const { x, weight, bias, residual, y } = specs;
  const depth = lastDim(x);
  const vector = vectorWidth(1, depth, false);
  const factor = { depth, vector, depthMajor: false };
  const product = {
    a: storedFactor("A", { ...factor, name: "x", extent: rowCount(x) }),
    b: storedFactor("B", { ...factor, name: "weight", extent: lastDim(y) }),
    depth,
    batch: 1,
    declarations: bindings({ x, weight, bias, residual }, { y }, { vector: { x: vector, weight: vector } }),
    store: linearStore(specs, activation),
  };
  return productKernel(product, adapter);
}

/** Declares `store`: bias, activation, residual. */
export function linearStore(
  { bias, residual, y }: Pick<LinearSpecs, "bias" | "residual" | "y">,
  activation: Activation,
): Wgsl {
  return wgsl`
    ${activations[activation].wgsl}
    fn store(batch: u32, row: u32, column: u32, product: f32) {
      let at = row * ${lastDim(y)}u + column;
      y[at] = ${y.dtype}(activate(product${bias ? " + f32(bias[column])" : ""})${residual ? " + f32(residual[at])" : ""});
    }`;
}
