import type { AttentionAttrs } from "../attention.wgsl.ts";
import type { Attended } from "./attention-gradient-sides.ts";

export interface AttentionGradientAttrs extends AttentionAttrs {
  /** Whose gradients are made, an output each. */
  readonly of: readonly Attended[];
  /** All three operands are the same packed rows, filled by their heads: one output, of that shape. */
  readonly packed: boolean;
  /** Share of the probabilities that dropout took, in 2^-24; goes with `seed`. */
  readonly dropped: number;
}

/** Where the heads of an operand begin in its rows. */
export function offsetOf(name: Attended, attrs: AttentionAttrs): number {
  return attrs[`${name}Offset`];
}
