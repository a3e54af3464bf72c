import { type AttentionOptions, attention, attentionContext, attentionProbabilities, type Tensor } from "@albef/core";

export interface AttentionResult {
  /** [batch, L, heads * headDim] */
  readonly context: Tensor;
  /** [batch, heads, L, S]; only where asked for. */
  readonly probabilities?: Tensor;
}

export interface HeadOptions extends Omit<AttentionOptions, "headDim" | "scale"> {
  /** Width of all heads together. */
  readonly width: number;
  /** Keep the probabilities, for Grad-CAM and for looking at them. Default: only the context, which costs less. */
  readonly keepProbabilities?: boolean;
}

/** Scaled dot-product attention (Vaswani et al. 2017) of query [batch, L, *] over key and value [batch, S, *]. */
export function applyAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { width, keepProbabilities, ...options }: HeadOptions,
): AttentionResult {
  const headDim = width / options.heads;
  const scored = { ...options, headDim, scale: headDim ** -0.5 };
  if (!keepProbabilities) return { context: attention(query, key, value, scored) };
  const probabilities = attentionProbabilities(query, key, scored);
  return { context: attentionContext(probabilities, value, scored), probabilities };
}
