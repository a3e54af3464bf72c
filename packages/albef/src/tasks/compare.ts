import { type Graph, primitives as p, trace } from "@albef/core";
import { imageTokenCount, type PairSharing, pairConfig, pairEncoder, pairParameters } from "@albef/encoder";
import { classifierLogits, NLVR_LABELS, nlvrParameters } from "@albef/heads";
import { batchesOf, concatRows, splitRows } from "../model/batches.ts";
import type { EncodedText } from "../model/engine.ts";
import { type ModelPlan, sourceIn } from "../model/graphs.ts";
import { readPixels } from "../model/images.ts";
import type { LoadedModel } from "../model/load.ts";
import { tokenizeCaptions } from "../model/texts.ts";
import type { ImageInput, ProgressOptions } from "../types.ts";
import { expectPairHead } from "./task-heads.ts";

const BATCHES = [1, 4];
const TRUE = NLVR_LABELS.indexOf("True");

interface CompareShape {
  readonly batch: number;
  readonly length: number;
  readonly sharing: PairSharing;
}

/** Text states and mask, states of two images -> probability that the text is true, [batch, 2]. */
function compareGraph(plan: ModelPlan, { batch, length, sharing }: CompareShape): Graph {
  const { text, vision } = plan.config;
  return trace((tracer) => {
    const source = sourceIn(plan, tracer);
    const input = (name: string, ...shape: number[]) => tracer.input(name, { dtype: "f32", shape: [batch, ...shape] });
    const image = (name: string) => input(name, imageTokenCount(vision), vision.hiddenSize);
    const pair = {
      ...{ textEmbeds: input("text", length, text.hiddenSize), attentionMask: input("attentionMask", length) },
      imageEmbeds: [image("first"), image("second")] as const,
    };
    const fused = pairEncoder(pair, pairParameters(source.scope(plan.textPrefix), text, { sharing }), text);
    return { probabilities: p.softmax(classifierLogits(fused, nlvrParameters(source, text))) };
  });
}

/** What the stored layers share. Official files hold shared tensors under both names: read as two, they are the same. */
function sharingOf({
  config: { text },
  textPrefix,
  specs,
}: Pick<ModelPlan, "config" | "textPrefix" | "specs">): PairSharing {
  const second = `${textPrefix}.encoder.layer.${pairConfig(text).numLayers - 1}`;
  if (!specs.has(`${second}.attention.self.query.weight`)) return "block";
  return specs.has(`${second}.crossattention.self.key.weight`) ? "none" : "cross-attention";
}

export interface EncodedPair {
  readonly text: EncodedText;
  /** f32 [tokens, width] each, from the image encoder. */
  readonly first: Float32Array;
  readonly second: Float32Array;
}

export interface CompareOptions extends ProgressOptions {
  /** What the layers share, where the weights do not tell. */
  readonly sharing?: PairSharing | undefined;
}

/** How likely each text is true of its two images, 0 to 1. All texts are of one length. */
export async function comparisons(
  { engine }: LoadedModel,
  pairs: readonly EncodedPair[],
  { sharing = sharingOf(engine.plan), signal, onProgress }: CompareOptions = {},
): Promise<number[]> {
  const results: number[] = [];
  const length = pairs[0]?.text.attentionMask.length ?? 0;
  for (const { begin, size } of batchesOf(pairs.length, BATCHES)) {
    signal?.throwIfAborted();
    const build = () => compareGraph(engine.plan, { batch: size, length, sharing });
    const program = await engine.programs.get(`compare ${size} x ${length}`, build, onProgress);
    const part = pairs.slice(begin, begin + size);
    const { probabilities } = await program.run({
      text: concatRows(part.map(({ text }) => text.states)),
      attentionMask: concatRows(part.map(({ text }) => text.attentionMask)),
      first: concatRows(part.map(({ first }) => first)),
      second: concatRows(part.map(({ second }) => second)),
    });
    results.push(...splitRows(probabilities as Float32Array, size).map((row) => row[TRUE]!));
  }
  return results;
}

export interface Statement {
  readonly images: readonly [ImageInput, ImageInput];
  readonly text: string;
}

/** How likely each text is true of its two images, 0 to 1; images are decoded as they are asked for. */
export async function judged(
  model: LoadedModel,
  statements: Iterable<Statement>,
  { onJudged, ...options }: CompareOptions & { readonly onJudged?: ((count: number) => void) | undefined } = {},
): Promise<number[]> {
  const { engine, tokenizer, config } = model;
  const results: number[] = [];
  for (const { images, text } of statements) {
    options.signal?.throwIfAborted();
    const pixels = await Promise.all(images.map((image) => readPixels(image, config.vision.imageSize, options.signal)));
    const [first, second] = await engine.encodeImages(pixels, options);
    const tokens = tokenizeCaptions([text], tokenizer, config, { maxTokens: config.text.maxPositions });
    const [encoded] = await engine.encodeTexts(tokens, options);
    const pair = { text: encoded!, first: first!.states, second: second!.states };
    results.push(...(await comparisons(model, [pair], options)));
    onJudged?.(results.length);
  }
  return results;
}

/** How likely a text is true of two images (NLVR2, paper section 4.4; official NLVR.py). Throws MissingHeadError. */
export async function compare(
  model: LoadedModel,
  images: readonly [ImageInput, ImageInput],
  text: string,
  options: ProgressOptions = {},
): Promise<number> {
  expectPairHead(model);
  const [result] = await judged(model, [{ images, text }], options);
  return result!;
}
