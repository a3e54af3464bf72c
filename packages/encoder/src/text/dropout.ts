import { dropout, droppedAttention, type Tensor } from "@albef/core";
import type { TextConfig } from "../config.ts";
import { scaled } from "../layers/attention.ts";
import type { BlockRun } from "../layers/block-run.ts";

export interface TextDropoutOptions {
  /** u32 []: the same seed drops the same values, in every backward, recomputation and resumed run. */
  readonly seed: Tensor;
  /** Number of the first random stream; each place that drops has one of its own, in the order of tracing. */
  readonly firstStream: number;
}

/**
 * Dropout as BERT is trained (official models/xbert.py): the embeddings, the dense outputs before their residual, and the
 * probabilities of self- and cross-attention. Rates are those of the configuration. The image encoder has none.
 */
export function textDropout(
  { hiddenDropout, attentionDropout }: TextConfig,
  { seed, firstStream }: TextDropoutOptions,
): Pick<BlockRun, "attendOf" | "drop"> {
  let stream = firstStream;
  return {
    drop: (x) => dropout(x, { rate: hiddenDropout, seed, stream: stream++ }),
    attendOf: () => (query, key, value, options) => {
      const dropping = { rate: attentionDropout, seed, stream: stream++ };
      return { context: droppedAttention(query, key, value, { ...scaled(options), dropout: dropping }) };
    },
  };
}
