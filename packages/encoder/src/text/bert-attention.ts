import { reshape, type Tensor } from "@albef/core";
import type { TextConfig } from "../config.ts";
import type { Attend, AttentionResult } from "../layers/attention.ts";
import { type BlockRun, keepAll } from "../layers/block-run.ts";
import { applyLayerNorm, type LayerNormParameters, layerNormParameters } from "../layers/layernorm.ts";
import { applyLinear, type LinearParameters, linearParameters } from "../layers/linear.ts";
import type { ParameterSource } from "../layers/parameters.ts";

export interface BertAttentionParameters {
  /** [width, width] */
  readonly query: LinearParameters;
  /** [width, source width] */
  readonly key: LinearParameters;
  /** [width, source width] */
  readonly value: LinearParameters;
  /** [width, width] */
  readonly output: LinearParameters;
  readonly norm: LayerNormParameters;
}

/** What attention makes of the states that it attends to. */
export type KeyValueParameters = Pick<BertAttentionParameters, "key" | "value">;

/** Parameters of self-attention, or of cross-attention on states of `sourceWidth`; `shared`: those of another layer. */
export function bertAttentionParameters(
  source: ParameterSource,
  { hiddenSize: width }: TextConfig,
  sourceWidth: number,
  shared?: KeyValueParameters,
): BertAttentionParameters {
  return {
    query: linearParameters(source, "self.query", [width, width]),
    key: shared?.key ?? linearParameters(source, "self.key", [width, sourceWidth]),
    value: shared?.value ?? linearParameters(source, "self.value", [width, sourceWidth]),
    output: linearParameters(source, "output.dense", [width, width]),
    norm: layerNormParameters(source, "output.LayerNorm", width),
  };
}

/** What attention reads of the states it attends to, computed once: [batch, S, width] each. */
export interface KeysAndValues {
  readonly keys: Tensor;
  readonly values: Tensor;
}

export function keysAndValues(states: Tensor, { key, value }: KeyValueParameters): KeysAndValues {
  return { keys: applyLinear(states, key), values: applyLinear(states, value) };
}

export interface AttendedStates {
  /**
   * [batch, S, source width], or what was made of it before; a batch of 1 is what all of x attends to, and is projected
   * once.
   */
  readonly states: Tensor | KeysAndValues;
  /** f32 [batch, S], 1 = keep; absent: all are kept. */
  readonly mask?: Tensor | undefined;
  /** Added to the scores of masked keys. */
  readonly maskValue: number;
  /** Token t sees tokens 0 to t. */
  readonly causal?: boolean | undefined;
}

export interface BertLayerOptions extends Pick<BlockRun, "drop"> {
  readonly config: TextConfig;
  readonly attend: Attend;
}

export interface BertAttentionResult extends Omit<AttentionResult, "context"> {
  /** [batch, L, width] */
  readonly hidden: Tensor;
}

/** LayerNorm(dense(attention(x, states)) + x), post-norm as in BERT: x [batch, L, width] -> the same shape. */
export function bertAttention(
  x: Tensor,
  { states, mask, maskValue, causal = false }: AttendedStates,
  { query, output, norm, ...projections }: BertAttentionParameters,
  { config, attend, drop = keepAll }: BertLayerOptions,
): BertAttentionResult {
  const [batch, length, width] = x.shape as readonly [number, number, number];
  const { keys, values } = "keys" in states ? states : keysAndValues(states, projections);
  const isShared = keys.shape[0] === 1 && batch > 1 && !causal;
  const asking = isShared ? reshape(x, [1, batch * length, width]) : x; // then all queries are those of one item
  const { context, ...kept } = attend(applyLinear(asking, query), keys, values, {
    heads: config.numHeads,
    width: config.hiddenSize,
    maskValue,
    causal,
    ...(mask && { mask }),
  });
  const attended = isShared ? reshape(context, [batch, length, config.hiddenSize]) : context;
  return {
    hidden: applyLayerNorm(drop(applyLinear(attended, output)), norm, { eps: config.layerNormEps, residual: x }),
    ...kept,
  };
}
