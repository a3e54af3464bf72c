import { DeviceError, type Executor, type ParameterStore, type TensorData } from "@albef/core";
import { batchesOf, concatRows, equalLengths, splitRows } from "./batches.ts";
import type { EncodedImage, EncodedText } from "./encoded.ts";
import {
  type EngineContext,
  engineContext,
  imageProgram,
  keysProgram,
  matchProgram,
  type RunControl,
  textProgram,
} from "./engine-context.ts";
import type { ModelPlan } from "./graphs.ts";
import { type ImageKeys, keysOf, type MatchLogits, matchImage, matchKeys } from "./match.ts";
import type { ProgramCache } from "./programs.ts";
import { SHORTEST, type TextTokens } from "./texts.ts";

/** The programs of retrieval over batches of any size. */
export interface Engine {
  readonly executor: Executor;
  readonly plan: ModelPlan;
  /** What is compiled for the plan's weights; for graphs of other tasks too. */
  readonly programs: ProgramCache;
  /** Compiles what the first search needs; the weights may be on their way yet. */
  prepare(control?: RunControl): Promise<void>;
  /** Pixels f32 [3, size, size] each. */
  encodeImages(pixels: readonly Float32Array[], control?: RunControl): Promise<EncodedImage[]>;
  /** Of any lengths; those of one length go together. */
  encodeTexts(texts: readonly TextTokens[], control?: RunControl): Promise<EncodedText[]>;
  /** What the fusion layers make of images by their states; whoever asks disposes them. */
  keys(images: readonly Float32Array[], control?: RunControl): Promise<ImageKeys[]>;
  /** ITM logits of texts against images, one of the two sides being a single item or both equally many. */
  match(texts: readonly EncodedText[], images: readonly ImageKeys[], control?: RunControl): Promise<MatchLogits[]>;
  /** ITM logits of texts against one image by its states. */
  matchImage(texts: readonly EncodedText[], states: Float32Array, control?: RunControl): Promise<MatchLogits[]>;
  dispose(): void;
}

export function createEngine(
  executor: Executor,
  store: ParameterStore | readonly ParameterStore[],
  plan: ModelPlan,
): Engine {
  const context = engineContext(executor, store, plan);
  return {
    ...{ executor, plan, programs: context.programs },
    prepare: (control = {}) => prepare(context, control),
    encodeImages: (pixels, control = {}) => encodeImages(context, pixels, control),
    encodeTexts: (texts, control = {}) => encodeTexts(context, texts, control),
    keys: (images, control = {}) => keysOf(context, images, control),
    match: (texts, images, control = {}) => matchKeys(context, texts, images, control),
    matchImage: (texts, states, control = {}) => matchImage(context, texts, states, control),
    dispose: () => context.programs.dispose(),
  };
}

async function prepare(context: EngineContext, control: RunControl): Promise<void> {
  if (!context.plan.contrasts) return; // each downstream task has graphs of its own
  await Promise.all([
    imageProgram(context, 1, control),
    textProgram(context, { batch: 1, length: SHORTEST }, control),
    keysProgram(context, 1, control),
    matchProgram(context, { pairs: 1, texts: 1, images: 1, length: SHORTEST }, control),
  ]);
}

async function encodeImages(context: EngineContext, pixels: readonly Float32Array[], control: RunControl) {
  const encoded: EncodedImage[] = [];
  for (const { begin, size } of batchesOf(pixels.length, context.sizes)) {
    control.signal?.throwIfAborted();
    const program = await imageProgram(context, size, control);
    const { features, states } = await program.run({ image: concatRows(pixels.slice(begin, begin + size)) });
    const vectors = featureRows(features, size);
    for (const [i, row] of splitRows(states as Float32Array, size).entries()) {
      encoded.push({ feature: vectors[i]!, states: row });
    }
    control.onDone?.(encoded.length);
  }
  return encoded;
}

async function encodeTexts(context: EngineContext, texts: readonly TextTokens[], control: RunControl) {
  const encoded = new Array<EncodedText>(texts.length);
  let done = 0;
  for (const { length, places } of equalLengths(texts.map(({ inputIds }) => inputIds.length))) {
    for (const { begin, size } of batchesOf(places.length, context.sizes)) {
      control.signal?.throwIfAborted();
      const program = await textProgram(context, { batch: size, length }, control);
      const some = places.slice(begin, begin + size);
      const inputIds = Int32Array.from(some.flatMap((place) => [...texts[place]!.inputIds]));
      const attentionMask = concatRows(some.map((place) => texts[place]!.attentionMask));
      const { features, states } = await program.run({ inputIds, attentionMask });
      const rows = splitRows(states as Float32Array, size);
      const vectors = featureRows(features, size);
      for (const [i, place] of some.entries()) {
        encoded[place] = { attentionMask: texts[place]!.attentionMask, feature: vectors[i]!, states: rows[i]! };
      }
      done += size;
      control.onDone?.(done);
    }
  }
  return encoded;
}

const UNIT_TOLERANCE = 0.01; // f16 rounds a norm by less

/** Features row by row. Weights that hold NaN, and 16-bit sums that overflow, end here and not in a gallery. */
function featureRows(features: TensorData | undefined, rows: number): Float32Array[] {
  const vectors = splitRows((features ?? new Float32Array()) as Float32Array, rows);
  for (const vector of features ? vectors : []) {
    const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    if (Math.abs(norm - 1) <= UNIT_TOLERANCE) continue;
    throw new DeviceError(
      `a computed feature has length ${norm}, must be 1; are the weights damaged? With dtype "f16" try "f32"`,
    );
  }
  return vectors;
}
