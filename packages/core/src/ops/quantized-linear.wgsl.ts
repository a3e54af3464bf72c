import { bindings } from "../bindings.ts";
import type { AdapterFacts, Kernel, KernelSpecs } from "../op.ts";
import { type Factor, startOf } from "../product-spec.ts";
import { lastDim, rowCount } from "../shape.ts";
import { wgsl } from "../wgsl.ts";
import { linearResult, linearStore } from "./linear.wgsl.ts";
import type { Activation } from "./snippets/activation.ts";
import { productKernel, storedFactor } from "./snippets/product.ts";

export interface QuantizedLinearAttrs {
  readonly bits: 8 | 4;
  readonly group: number;
  readonly activation: Activation;
}

/** The product of `linear`; weights become floats as they are loaded. */
export function quantizedLinearKernel(
  specs: KernelSpecs<"x" | "packed" | "scales", "bias" | "residual">,
  attrs: QuantizedLinearAttrs,
  adapter: AdapterFacts,
): Kernel {
  const { x, packed, scales, bias, residual } = specs.inputs;
  const depth = lastDim(x);
  const product = {
    a: storedFactor("A", { name: "x", extent: rowCount(x), depth, depthMajor: false, vector: 4 }),
    b: packedFactor(lastDim(specs.outputs[0]!), depth, attrs),
    depth,
    batch: 1,
    declarations: bindings({ x, packed, scales, bias, residual }, ...linearResult(specs, { x: 4 })),
    initial: startOf(bias),
    store: linearStore(specs, attrs.activation),
  };
  return productKernel(product, adapter);
}

/** Four integers of a row at a load, sign-extended by shifts, times the scale of their group. */
function packedFactor(extent: number, depth: number, { bits, group }: QuantizedLinearAttrs): Factor {
  const perWord = 32 / bits;
  const four = bits === 8 ? "word" : "(word >> (k % 8u * 4u))";
  const left = [1, 2, 3, 4].map((i) => `${32 - bits * i}u`).join(", ");
  const access = wgsl`
    fn startB(batch: u32) -> u32 { return 0u; }
    fn placeB(start: u32, outer: u32) -> u32 { return outer; }
    fn depthB(k: u32) -> u32 { return k; }
    fn loadB(row: u32, k: u32) -> vec4f {
      let word = packed[row * ${depth / perWord}u + k / ${perWord}u];
      let four = vec4i(bitcast<i32>(${four}));
      return vec4f((four << vec4u(${left})) >> vec4u(${32 - bits}u)) * scales[row * ${depth / group}u + k / ${group}u];
    }`;
  return { extent, depthMajor: false, vector: 4, access };
}
