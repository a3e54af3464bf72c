import type { AdapterFacts, Kernel } from "../../op.ts";
import { type Wgsl, wgsl } from "../../wgsl.ts";
import { registerTiles } from "./product-registers.ts";

/** One operand of a product: `extent` rows (or columns) of `depth` elements. */
export interface Factor {
  readonly extent: number;
  /** Stored [depth, extent]: neighbours lie along the rows or columns, not along the depth. */
  readonly depthMajor: boolean;
  /** Elements that one load brings: 4 neighbours as a vec4f, or 1 as an f32. */
  readonly vector: 1 | 4;
  /**
   * Declares, X being A or B: `startX(batch) -> u32`; `placeX(start, outer) -> u32`, taken once per row; and
   * `loadX(place, k)`, the f32 or vec4f at depth k.
   */
  readonly access: Wgsl;
}

/** y[batch, m, n] = sum over depth of a[batch, m, depth] * b[batch, n, depth]. */
export interface Product {
  readonly a: Factor;
  readonly b: Factor;
  readonly depth: number;
  readonly batch: number;
  /** Bindings and constants. */
  readonly declarations: Wgsl;
  /** Declares `store(batch, row, column, value: f32)`; it is called only inside the result. */
  readonly store: Wgsl;
}

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
