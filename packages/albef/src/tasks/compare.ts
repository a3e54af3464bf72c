import { type Graph, primitives as p, trace } from "@albef/core";
import { imageTokenCount, type PairSharing, pairConfig, pairEncoder, pairParameters } from "@albef/encoder";
import { assignmentLogits, assignmentParameters, classifierLogits, NLVR_LABELS, nlvrParameters } from "@albef/heads";
import { batchesOf, concatRows, splitRows } from "../model/batches.ts";
import type { EncodedText } from "../model/encoded.ts";
import { type ModelPlan, sourceIn } from "../model/graphs.ts";
import { readPixels } from "../model/images.ts";
import type { LoadedModel } from "../model/load.ts";
import { tokenizeCaptions } from "../model/texts.ts";
import type { ImageInput, ProgressOptions } from "../types.ts";
import { expectPairHead } from "./task-heads.ts";

const BATCHES = [1, 4];
const TRUE = NLVR_LABELS.indexOf("True");

/** What is told of two images and a text: whether it is true (NLVR2), or whose it is (text assignment). */
type PairHead = "statement" | "assignment";

interface CompareShape {
  readonly head: PairHead;
  readonly batch: number;
  readonly length: number;
  readonly sharing: PairSharing;
}

/** Text states and mask, states of two images -> probabilities of the head's classes, [batch, 2 or 3]. */
function compareGraph(plan: ModelPlan, { head, batch, length, sharing }: CompareShape): Graph {
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
    const logits =
      head === "statement"
        ? classifierLogits(fused, nlvrParameters(source, text))
        : assignmentLogits(fused, assignmentParameters(source, text));
    return { probabilities: p.softmax(logits) };
  });
}

/** What the stored layers share; of official files shared tensors are read once. */
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
  /** Default: statement. */
  readonly head?: PairHead | undefined;
  readonly onJudged?: ((count: number) => void) | undefined;
}

/** Probabilities of the head's classes for each text and its two images. All texts are of one length. */
export async function comparisons(
  { engine }: LoadedModel,
  pairs: readonly EncodedPair[],
  { head = "statement", sharing = sharingOf(engine.plan), signal, onProgress }: CompareOptions = {},
): Promise<number[][]> {
  const results: number[][] = [];
  const length = pairs[0]?.text.attentionMask.length ?? 0;
  for (const { begin, size } of batchesOf(pairs.length, BATCHES)) {
    signal?.throwIfAborted();
    const build = () => compareGraph(engine.plan, { head, batch: size, length, sharing });
    const program = await engine.programs.get(`${head} ${size} x ${length}`, build, onProgress);
    const part = pairs.slice(begin, begin + size);
    const { probabilities } = await program.run({
      text: concatRows(part.map(({ text }) => text.states)),
      attentionMask: concatRows(part.map(({ text }) => text.attentionMask)),
      first: concatRows(part.map(({ first }) => first)),
      second: concatRows(part.map(({ second }) => second)),
    });
    results.push(...splitRows(probabilities as Float32Array, size).map((row) => [...row]));
  }
  return results;
}

export interface Statement {
  readonly images: readonly [ImageInput, ImageInput];
  readonly text: string;
}

/** How likely each text is true of its two images, 0 to 1. */
export async function judged(
  model: LoadedModel,
  statements: Iterable<Statement>,
  options: CompareOptions = {},
): Promise<number[]> {
  return (await shares(model, statements, { ...options, head: "statement" })).map((row) => row[TRUE]!);
}

/** Of each text whether it is the first image's, the second's or neither's: probabilities in the order of ASSIGNMENT_LABELS. */
export function assigned(model: LoadedModel, texts: Iterable<Statement>, options: CompareOptions): Promise<number[][]> {
  return shares(model, texts, { ...options, head: "assignment" });
}

/** Images are decoded as they are asked for. */
async function shares(
  model: LoadedModel,
  statements: Iterable<Statement>,
  { onJudged, ...options }: CompareOptions,
): Promise<number[][]> {
  const { engine, tokenizer, config } = model;
  const results: number[][] = [];
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
