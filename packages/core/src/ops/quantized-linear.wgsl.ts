import { bindings } from "../bindings.ts";
import type { AdapterFacts, Kernel } from "../op.ts";
import { lastDim, rowCount } from "../shape.ts";
import type { TensorSpec } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { linearStore } from "./linear.wgsl.ts";
import type { Activation } from "./snippets/activation.ts";
import { productKernel, storedFactor } from "./snippets/product.ts";
import type { Factor } from "./snippets/product-spec.ts";

export interface QuantizedLinearAttrs {
  readonly bits: 8 | 4;
  readonly group: number;
  readonly activation: Activation;
}

export interface QuantizedLinearSpecs {
  readonly x: TensorSpec;
  readonly packed: TensorSpec;
  readonly scales: TensorSpec;
  readonly bias?: TensorSpec;
  readonly residual?: TensorSpec;
  readonly y: TensorSpec;
}

/** The product of `linear`; weights become floats as they are loaded. */
export function quantizedLinearKernel(
  specs: QuantizedLinearSpecs,
  attrs: QuantizedLinearAttrs,
  adapter: AdapterFacts,
): Kernel {
  const { x, packed, scales, bias, residual, y } = specs;
  const depth = lastDim(x);
  const product = {
    a: storedFactor("A", { name: "x", extent: rowCount(x), depth, depthMajor: false, vector: 4 }),
    b: packedFactor(lastDim(y), depth, attrs),
    depth,
    batch: 1,
    declarations: bindings({ x, packed, scales, bias, residual }, { y }, { vector: { x: 4 } }),
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
    fn loadB(row: u32, k: u32) -> vec4f {
      let word = packed[row * ${depth / perWord}u + k / ${perWord}u];
      let four = vec4i(bitcast<i32>(${four}));
      return vec4f((four << vec4u(${left})) >> vec4u(${32 - bits}u)) * scales[row * ${depth / group}u + k / ${group}u];
    }`;
  return { extent, depthMajor: false, vector: 4, access };
}
