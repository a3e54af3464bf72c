import type { TensorSpec } from "./spec.ts";
import { type Wgsl, wgsl } from "./wgsl.ts";

/** One operand of a product: `extent` rows (or columns) of `depth` elements. */
export interface Factor {
  readonly extent: number;
  /** Stored [depth, extent]: neighbours lie along the rows or columns, not along the depth. */
  readonly depthMajor: boolean;
  /** Elements that one load brings: 4 neighbours as a vec4f, or 1 as an f32. */
  readonly vector: 1 | 4;
  /**
   * Declares, X being A or B: `startX(batch) -> u32`; `placeX(start, outer) -> u32`, taken once per row;
   * `depthX(k) -> u32`, taken once per depth; and `loadX(place, depth)`, the f32 or vec4f there.
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
  /** Declares `initial(column: u32) -> f32`, with which the sums of a column begin: a bias. See `startOf`. */
  readonly initial: Wgsl;
  /** Declares `store(batch, row, column, value: f32)`; it is called only inside the result. */
  readonly store: Wgsl;
}

/** Sums begin with the bias, bound as `bias`, or with zero. */
export function startOf(bias?: TensorSpec): Wgsl {
  return wgsl`fn initial(column: u32) -> f32 { return ${bias ? "f32(bias[column])" : "0.0"}; }`;
}
