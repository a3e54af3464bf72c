import { type Graph, primitives as p, trace } from "@albef/core";
import {
  fusionEncoder,
  fusionParameters,
  imageTokenCount,
  preCaption,
  textEncoder,
  textParameters,
} from "@albef/encoder";
import { classifierLogits, ENTAILMENT_LABELS, entailmentParameters } from "@albef/heads";
import { batchesOf, concatRows, splitRows } from "../model/batches.ts";
import { type ModelPlan, sourceIn } from "../model/graphs.ts";
import { readPixels } from "../model/images.ts";
import type { LoadedModel } from "../model/load.ts";
import type { ImageInput, ProgressOptions } from "../types.ts";
import { expectEntailmentHead } from "./task-heads.ts";
import { padded, wordsOf } from "./tokens.ts";
import type { Entailment } from "./types.ts";

const BATCHES = [1, 8];

/** Texts [batch, length] and image states [batch, tokens, width] -> probabilities [batch, 3]. */
function entailmentGraph(plan: ModelPlan, batch: number, length: number): Graph {
  const { config, textPrefix } = plan;
  const { text, vision } = config;
  return trace((tracer) => {
    const source = sourceIn(plan, tracer);
    const bert = source.scope(textPrefix);
    const inputIds = tracer.input("inputIds", { dtype: "i32", shape: [batch, length] });
    const attentionMask = tracer.input("attentionMask", { dtype: "f32", shape: [batch, length] });
    const states = [batch, imageTokenCount(vision), vision.hiddenSize];
    const imageEmbeds = tracer.input("image", { dtype: "f32", shape: states });
    const { textEmbeds } = textEncoder({ inputIds, attentionMask }, textParameters(bert, text), text);
    const fused = fusionEncoder({ textEmbeds, attentionMask, imageEmbeds }, fusionParameters(bert, text), text);
    const logits = classifierLogits(fused.fusionEmbeds, entailmentParameters(source, text));
    return { probabilities: p.softmax(logits) };
  });
}

/** What each sentence is to its picture; pictures come as the states of the image encoder, f32 [tokens, width]. */
export async function entailments(
  { config, engine, tokenizer }: LoadedModel,
  pairs: readonly { readonly states: Float32Array; readonly text: string }[],
  { signal, onProgress }: ProgressOptions = {},
): Promise<Entailment[]> {
  const results: Entailment[] = [];
  for (const { begin, size } of batchesOf(pairs.length, BATCHES)) {
    signal?.throwIfAborted();
    const part = pairs.slice(begin, begin + size);
    const ids = wordsOf(
      part.map(({ text }) => text),
      tokenizer,
      preCaption,
    );
    const { length, ...texts } = padded(ids, config.tokens.pad, config.text.maxPositions);
    const build = () => entailmentGraph(engine.plan, size, length);
    const program = await engine.programs.get(`entailment ${size} x ${length}`, build, onProgress);
    const { probabilities } = await program.run({ ...texts, image: concatRows(part.map(({ states }) => states)) });
    results.push(...splitRows(probabilities as Float32Array, size).map(named));
  }
  return results;
}

function named(row: Float32Array): Entailment {
  return Object.fromEntries(ENTAILMENT_LABELS.map((label, i) => [label, row[i]!])) as unknown as Entailment;
}

/** Whether a picture entails a sentence, contradicts it, or leaves it open (official VE.py). Throws MissingHeadError. */
export async function entails(
  model: LoadedModel,
  image: ImageInput,
  text: string,
  options: ProgressOptions = {},
): Promise<Entailment> {
  expectEntailmentHead(model);
  const pixels = await readPixels(image, model.config.vision.imageSize, options.signal);
  const [encoded] = await model.engine.encodeImages([pixels], options);
  const [result] = await entailments(model, [{ states: encoded!.states, text }], options);
  return result!;
}
