import { type AttentionOptions, attention, type Tensor } from "@albef/core";

export interface AttentionResult {
  /** [batch, L, heads * headDim] */
  readonly context: Tensor;
  /** [batch, heads, L, S]; only where the probabilities are watched. */
  readonly probabilities?: Tensor;
}

export interface HeadOptions extends Omit<AttentionOptions, "headDim" | "scale"> {
  /** Width of all heads together. */
  readonly width: number;
}

/** Scaled dot-product attention (Vaswani et al. 2017) of query [batch, L, *] over key and value [batch, S, *]. */
export type Attend = (query: Tensor, key: Tensor, value: Tensor, options: HeadOptions) => AttentionResult;

/** How layer `number` attends. */
export type AttendOf = (number: number) => Attend;

/** Flash attention: the probabilities are never in memory. */
export const attend: Attend = (query, key, value, options) => ({
  context: attention(query, key, value, scaled(options)),
});

/** The options of core, with the scale of Vaswani et al. */
export function scaled({ width, ...options }: HeadOptions): AttentionOptions {
  const headDim = width / options.heads;
  return { ...options, headDim, scale: headDim ** -0.5 };
}
