import type { Tensor } from "@albef/core";
import type { TextConfig } from "../config.ts";
import { attend } from "../layers/attention.ts";
import { type BlockRun, called } from "../layers/block-run.ts";
import type { ParameterSource } from "../layers/parameters.ts";
import type { KeysAndValues } from "./bert-attention.ts";
import { type BertLayerInputs, type BertLayerParameters, bertLayer, bertLayerParameters } from "./bert-layer.ts";

/** Consecutive layers of a BERT, by their official numbers. */
export type BertLayers = ReadonlyMap<number, BertLayerParameters>;

/** Parameters of layers `begin` to `end` - 1. */
export function bertLayersParameters(
  source: ParameterSource,
  config: TextConfig,
  { begin, end }: { readonly begin: number; readonly end: number },
): BertLayers {
  const numbers = Array.from({ length: end - begin }, (_, i) => begin + i);
  return new Map(numbers.map((number) => [number, bertLayerParameters(source, config, number)]));
}

export interface BertStackResult {
  /** [batch, L, width] */
  readonly hidden: Tensor;
  /** The output of each layer, by its number. */
  readonly hiddenStates: ReadonlyMap<number, Tensor>;
  /** Self-attention of the layers watched, [batch, heads, L, L]. */
  readonly selfAttentions: ReadonlyMap<number, Tensor>;
  /** Cross-attention of the layers watched, [batch, heads, L, S]. */
  readonly crossAttentions: ReadonlyMap<number, Tensor>;
}

export interface BertStackOptions extends BlockRun {
  readonly config: TextConfig;
}

export interface BertStackInputs extends Omit<BertLayerInputs, "encoderStates"> {
  /** What the layers with cross-attention read: states, or what each layer makes of them, by its number. */
  readonly encoderStates?: Tensor | ReadonlyMap<number, KeysAndValues>;
}

/** Runs `layers` one after another on x [batch, L, width]. */
export function bertStack(
  x: Tensor,
  layers: BertLayers,
  { encoderStates, ...inputs }: BertStackInputs,
  { config, drop, attendOf = () => attend, around = called }: BertStackOptions,
): BertStackResult {
  let hidden = x;
  const hiddenStates = new Map<number, Tensor>();
  const selfAttentions = new Map<number, Tensor>();
  const crossAttentions = new Map<number, Tensor>();
  for (const [number, layer] of layers) {
    const read = encoderStates instanceof Map ? encoderStates.get(number) : encoderStates;
    const given = { ...inputs, ...(read && { encoderStates: read }) };
    const result = around((x) => bertLayer(x, layer, given, { config, drop, attend: attendOf(number) }))(hidden);
    hidden = result.hidden;
    hiddenStates.set(number, hidden);
    if (result.selfProbabilities) selfAttentions.set(number, result.selfProbabilities);
    if (result.crossProbabilities) crossAttentions.set(number, result.crossProbabilities);
  }
  return { hidden, hiddenStates, selfAttentions, crossAttentions };
}
