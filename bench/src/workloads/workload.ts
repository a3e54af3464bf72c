import type { Graph, TensorData, TensorSpec } from "@albef/core";
import type { AlbefConfig, WeightSpecs } from "@albef/encoder";
import { gaussian, testRandom } from "../../../packages/core/src/testing/random.ts";

/** What every engine computes: one graph, its weights and its inputs, made from a seed. */
export interface Workload {
  /** Such as `vit small, batch 1, 256 px`. */
  readonly name: string;
  readonly graph: Graph;
  /** f32, by name. */
  readonly parameters: Readonly<Record<string, Float32Array>>;
  readonly inputs: Readonly<Record<string, TensorData>>;
  /** Present where the workload is a training step: the graph then gives `loss` and `grad.<name>` of each of these. */
  readonly trains?: readonly string[];
  /** The same forward over f16 weights. */
  readonly half?: Graph;
}

export interface Shape {
  readonly config: AlbefConfig;
  readonly batch: number;
  /** Tokens of a text. */
  readonly length: number;
  /** How weights are stored, where not as f32. */
  readonly stored?: WeightSpecs;
}

/** Weights by the spread that keeps activations near one, so that no engine compares zeros. */
export function seededWeights({ parameters, values }: Graph): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, id], i) => [name, seededWeight(name, values[id]!, 1000 + i)]),
  );
}

function seededWeight(name: string, { shape }: TensorSpec, seed: number): Float32Array {
  const random = testRandom(seed);
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (/^temp(_m)?$/.test(name)) return new Float32Array(count).fill(0.07);
  const fanIn = shape.slice(1).reduce((product, extent) => product * extent, 1);
  const isNorm = /norm\d?\.weight$/i.test(name);
  const isTable = /embeddings\.weight$|pos_embed|cls_token/.test(name);
  const fill = isNorm ? gaussian(1, 0.1) : gaussian(0, isTable ? 0.5 : shape.length === 1 ? 0.05 : fanIn ** -0.5);
  return Float32Array.from({ length: count }, () => fill(random));
}

/** Inputs by their meaning: pixels and states are normal, ids are words, masks end with padding in every second row. */
export function seededInputs({ inputs, values }: Graph, { config, batch, length }: Shape): Record<string, TensorData> {
  const random = testRandom(7);
  const normal = gaussian(0, 1);
  const word = () =>
    (104 % config.text.vocabSize) + Math.floor(random() * (config.text.vocabSize - (104 % config.text.vocabSize)));
  const kept = (row: number) => (row % 2 === 0 ? length : Math.max(2, length - 3));
  const rows = <T>(value: (row: number, column: number) => T) =>
    Array.from({ length: batch * length }, (_, i) => value(Math.floor(i / length), i % length));
  const known: Readonly<Record<string, () => TensorData>> = {
    inputIds: () => Int32Array.from(rows(word)),
    maskedIds: () => Int32Array.from(rows(word)),
    attentionMask: () => Float32Array.from(rows((row, column) => (column < kept(row) ? 1 : 0))),
    wordLabels: () =>
      Int32Array.from(rows((row, column) => ((row + column) % 4 === 1 && column < kept(row) ? word() : -100))),
    labels: () => Int32Array.from({ length: batch }, (_, i) => i % config.embedDim),
    negativeImages: () => Int32Array.from({ length: batch }, (_, i) => (i + 1) % batch),
    negativeTexts: () => Int32Array.from({ length: batch }, (_, i) => (i + batch - 1) % batch),
    alpha: () => Float32Array.of(config.alpha),
  };
  return Object.fromEntries(
    Object.entries(inputs).map(([name, id]) => {
      const count = values[id]!.shape.reduce((product, extent) => product * extent, 1);
      return [name, known[name]?.() ?? Float32Array.from({ length: count }, () => normal(random))];
    }),
  );
}
