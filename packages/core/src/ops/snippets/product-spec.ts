import type { Wgsl } from "../../wgsl.ts";

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
