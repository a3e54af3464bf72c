import type { AdapterFacts, Kernel } from "../../op.ts";
import { type Wgsl, wgsl } from "../../wgsl.ts";
import { registerTiles } from "./product-registers.ts";
import type { Factor, Product } from "./product-spec.ts";

/** The kernel of a product; operands and epilogue are the caller's text. */
export function productKernel(product: Product, adapter: AdapterFacts): Kernel {
  return registerTiles(product, adapter);
}

/** Elements that one load of a stored operand may bring. */
export function vectorWidth(extent: number, depth: number, depthMajor: boolean): 1 | 4 {
  return (depthMajor ? extent : depth) % 4 === 0 ? 4 : 1;
}

export interface StoredFactor {
  /** Binding, declared with `vector` elements per entry. */
  readonly name: string;
  readonly extent: number;
  readonly depth: number;
  readonly depthMajor: boolean;
  readonly vector: 1 | 4;
  /** Statements that declare `at`, the element at which the matrix of batch `i` begins. */
  readonly start?: Wgsl;
}

/** Access to an operand that lies in a buffer as f32 or f16. */
export function storedFactor(letter: "A" | "B", stored: StoredFactor): Factor {
  const { name, extent, depth, depthMajor, vector, start } = stored;
  const type = vector === 4 ? "vec4f" : "f32";
  const line = (depthMajor ? extent : depth) / vector;
  const access = wgsl`
    fn start${letter}(i: u32) -> u32 {
      ${start ?? "let at = 0u;"}
      return at / ${vector}u;
    }
    fn place${letter}(start: u32, outer: u32) -> u32 { return start + ${depthMajor ? `outer / ${vector}u` : `outer * ${line}u`}; }
    fn load${letter}(place: u32, k: u32) -> ${type} { return ${type}(${name}[place + ${depthMajor ? `k * ${line}u` : `k / ${vector}u`}]); }`;
  return { extent, depthMajor, vector, access };
}
