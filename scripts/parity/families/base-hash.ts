import { primitives as p, type Tensor, trace } from "@albef/core";
import { type AlbefConfig, parseConfig, visionParameters, withImageSize } from "@albef/encoder";
import {
  itcFeatures,
  itcSimilarity,
  itmLogits,
  itmParameters,
  mlmLogits,
  mlmParameters,
  temperatureParameter,
  textProjectionParameters,
  visionProjectionParameters,
} from "@albef/heads";
import { type Check, checkEqual, checkOutputs } from "../check.ts";
import type { GraphFamily } from "../family.ts";
import { type GeneratorFacts, hashValues, hashWeights } from "../hash-weights.ts";
import type { RecordedCase } from "../recorded-case.ts";
import { type Outputs, type Runner, runOnce } from "../runner.ts";
import { contrastMaps, matchMaps } from "./grounding.ts";
import { imageInput, modelGraph, tokenData, tokenInputs } from "./model.ts";
import { withoutPositions } from "./tiny.ts";

const PREFIX = "text_encoder.bert";
const IMAGE_SPREAD = 2;
const STATS_VALUES = 8;

/** A full-size model with generated weights: what no file of a repository could hold. */
export const baseHash: GraphFamily = {
  needs: "executor",
  executors: ["webgpu"],
  slow: true,
  async run(recorded, runner) {
    const generator = generatorChecks(recorded.field<GeneratorFacts>("generator"), parseConfig(recorded.json.config));
    const outputs = { ...(await forward(recorded, runner)), ...(await maps(recorded, runner)) };
    return [...generator, ...checkOutputs(recorded, outputs)];
  },
};

/** Grad-CAM at the size that grounding is fine-tuned at; position embeddings are generated for it. */
export async function maps(recorded: RecordedCase, runner: Runner): Promise<Outputs> {
  const json = recorded.json.config as { readonly grounding_image_res: number; readonly grounding_block: number };
  const config = withImageSize(parseConfig(json), json.grounding_image_res);
  const ids = recorded.tensor("in.input_ids");
  const shape = [ids.shape[0]!, 3, json.grounding_image_res, json.grounding_image_res];
  const cams = {
    ...{ runner, config, prefix: PREFIX, weights: hashWeights, ids, layer: json.grounding_block },
    image: { shape, data: hashImages("input.image384", shape) },
    mask: recorded.tensor("in.attention_mask"),
  };
  const itm = (await matchMaps(cams))["itm.map"]!;
  return { grounding_itm_map: itm, grounding_itc_map: (await contrastMaps(cams))["itc.map"]! };
}

async function forward(recorded: RecordedCase, runner: Runner): Promise<Outputs> {
  const config = parseConfig(recorded.json.config);
  const [images] = recorded.tensor("out.image_embeds_cls").shape as readonly [number];
  const shape = [images, 3, config.vision.imageSize, config.vision.imageSize];
  const ids = recorded.tensor("in.input_ids");
  const graph = trace((tracer) =>
    quantities(modelGraph(tracer, config, PREFIX), config, {
      image: imageInput(tracer, shape),
      tokens: tokenInputs(tracer, ids.shape),
    }),
  );
  const image = hashImages("input.image", shape);
  const inputs = { image, ...tokenData(ids, recorded.tensor("in.attention_mask")) };
  return recordedForms(recorded, await runOnce(runner, graph, inputs, hashWeights));
}

interface Inputs {
  readonly image: Tensor;
  readonly tokens: ReturnType<typeof tokenInputs>;
}

/** Every quantity in full; layer outputs are called `NAME.NUMBER`. Pairs are every image with every text. */
function quantities(model: ReturnType<typeof modelGraph>, config: AlbefConfig, { image, tokens }: Inputs) {
  const { source } = model;
  const vision = model.vision(image);
  const { imageEmbeds } = vision;
  const { textEmbeds, hiddenStates } = model.text(tokens);
  const [images, texts] = [imageEmbeds.shape[0]!, textEmbeds.shape[0]!];
  const pairs = model.fusion(
    timesInTurn(textEmbeds, images),
    timesInTurn(tokens.attentionMask, images),
    timesEach(imageEmbeds, texts),
  );
  const { position } = visionParameters(source.scope("visual_encoder"), config.vision).embedding;
  const imageFeatures = itcFeatures(imageEmbeds, visionProjectionParameters(source, config));
  const textFeatures = itcFeatures(textEmbeds, textProjectionParameters(source, config));
  return {
    patch_embed: withoutPositions(vision.hiddenStates[0]!, position),
    ...named("vit_block", vision.hiddenStates.slice(1)),
    image_embeds: imageEmbeds,
    ...named("text_layer", hiddenStates.values()),
    text_embeds: textEmbeds,
    image_feat: imageFeatures,
    text_feat: textFeatures,
    sim: itcSimilarity(imageFeatures, textFeatures, { temperature: temperatureParameter(source) }),
    ...named("fusion_layer", pairs.hiddenStates.values()),
    fusion: pairs.fusionEmbeds,
    itm_logits: itmLogits(pairs.fusionEmbeds, itmParameters(source, config.text)),
    mlm_logits: mlmLogits(pairs.fusionEmbeds, mlmParameters(source.scope("text_encoder"), config.text), config.text),
  };
}

const named = (name: string, tensors: Iterable<Tensor>) =>
  Object.fromEntries([...tensors].map((tensor, i) => [`${name}.${i}`, tensor]));

/** Rows a, b as a, b, a, b. */
const timesInTurn = (rows: Tensor, times: number) => p.concat(new Array<Tensor>(times).fill(rows), 0);

/** Rows a, b as a, a, b, b. */
function timesEach(rows: Tensor, times: number): Tensor {
  const [count, ...rest] = rows.shape as readonly [number, ...number[]];
  const row = (i: number) => p.slice(rows, [i, ...rest.map(() => 0)], [1, ...rest]);
  return p.concat(
    Array.from({ length: count * times }, (_, i) => row(Math.floor(i / times))),
    0,
  );
}

/** The second image is halved and brightened. */
export function hashImages(key: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const count = shape.reduce((size, extent) => size * extent, 1);
  const values = hashValues(key, count, { spread: IMAGE_SPREAD });
  const size = count / shape[0]!;
  for (let i = size; i < 2 * size; i++) values[i] = Math.fround(values[i]! * 0.5) + 1;
  return values;
}

/** The full quantities as they are recorded: first values with mean and deviation, class tokens, first logits. */
function recordedForms(recorded: RecordedCase, full: Outputs): Outputs {
  const forms: Record<string, ArrayLike<number>> = {};
  for (const [key, { shape }] of recorded.expected) {
    const name = key.slice("out.".length);
    if (name.startsWith("grounding_")) continue;
    const [, base, form] = /^(\w+?)(_stats|_cls|_pos1_first\d+|)$/.exec(name)!;
    if (name === "mlm_argmax") forms[name] = largestOf(full.mlm_logits!, shape);
    else if (form === "_stats" && shape.length === 3) {
      forms[name] = Array.from({ length: shape[0]! }, (_, i) => stats(full[`${base}.${i}`]!, shape[1]!)).flat();
    } else if (form === "_stats") forms[name] = stats(full[base!]!, shape[0]!);
    else if (form === "_cls") forms[name] = firstOfRows(full[base!]!, shape, 0);
    else if (form !== "") forms[name] = firstLogits(recorded, full.mlm_logits!, shape);
    else forms[name] = full[base!]!;
  }
  return forms;
}

/** For each of `count` equal parts: its first values, mean and population deviation. */
function stats(values: ArrayLike<number>, count: number): number[] {
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => {
    const part = Array.from({ length: size }, (_, k) => values[i * size + k]!);
    const mean = part.reduce((sum, value) => sum + value, 0) / size;
    const variance = part.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
    return [...part.slice(0, STATS_VALUES), mean, Math.sqrt(variance)];
  }).flat();
}

/** [count, width] values of `count` equal parts, from `offset` on. */
function firstOfRows(values: ArrayLike<number>, [count, width]: readonly number[], offset: number): number[] {
  const size = values.length / count!;
  return Array.from(
    { length: count! * width! },
    (_, i) => values[Math.floor(i / width!) * size + offset + (i % width!)]!,
  );
}

/** The first logits of the token at position 1. */
function firstLogits(recorded: RecordedCase, logits: ArrayLike<number>, shape: readonly number[]): number[] {
  return firstOfRows(logits, shape, parseConfig(recorded.json.config).text.vocabSize);
}

function largestOf(logits: ArrayLike<number>, shape: readonly number[]): number[] {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const size = logits.length / count;
  return Array.from({ length: count }, (_, token) => {
    let best = 0;
    for (let i = 1; i < size; i++) if (logits[token * size + i]! > logits[token * size + best]!) best = i;
    return best;
  });
}

/** The generator gives the values that the case lists. */
export function generatorChecks({ check_first4, check_last }: GeneratorFacts, { vision, text }: AlbefConfig): Check[] {
  const tokens = (vision.imageSize / vision.patchSize) ** 2 + 1;
  const sizes: Readonly<Record<string, readonly number[]>> = {
    "text_encoder.bert.embeddings.word_embeddings.weight": [text.vocabSize, text.hiddenSize],
    "visual_encoder.pos_embed": [1, tokens, vision.hiddenSize],
  };
  const first = (key: string) => [...hashWeights(key, { dtype: "f32", shape: [4] })];
  const last = (key: string) => hashWeights(key, { dtype: "f32", shape: sizes[key]! }).at(-1);
  return [
    ...Object.entries(check_first4).map(([key, values]) => checkEqual(`generated ${key}`, first(key), values)),
    ...Object.entries(check_last).map(([key, value]) => checkEqual(`last of ${key}`, last(key), value)),
  ];
}
