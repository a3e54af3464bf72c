import type { DeviceTensor } from "@albef/core";
import { imageTokenCount } from "@albef/encoder";
import { ITM_MATCH } from "@albef/heads";
import { batchesOf, concatRows, equalLengths, splitRows } from "./batches.ts";
import type { EncodedText } from "./encoded.ts";
import { type EngineContext, keysProgram, matchProgram, type RunControl } from "./engine-context.ts";
import type { ModelPlan } from "./graphs.ts";

export interface MatchLogits {
  readonly other: number;
  readonly match: number;
}

/** What the fusion layers make of one image whatever the text, on the device, by the names of `keysGraph`. */
export type ImageKeys = Readonly<Record<string, DeviceTensor>>;

export function disposeKeys(keys: ImageKeys): void {
  for (const tensor of Object.values(keys)) tensor.dispose();
}

/** Bytes that one image's keys take on the device. */
export function keysBytes({ config: { text, vision } }: ModelPlan): number {
  return 4 * imageTokenCount(vision) * text.hiddenSize * 2 * (text.numLayers - text.fusionLayer);
}

const MOST_BYTES = 128 << 20;
const MOST_IMAGES = 64;

/** How many images are matched at a time, so that their keys take no more than 128 MiB. */
export function imagesAtOnce(plan: ModelPlan): number {
  return Math.max(1, Math.min(MOST_IMAGES, Math.floor(MOST_BYTES / keysBytes(plan))));
}

/** Keys of images by their states; whoever asks disposes them. */
export async function keysOf(
  context: EngineContext,
  images: readonly Float32Array[],
  control: RunControl,
): Promise<ImageKeys[]> {
  const keys: ImageKeys[] = [];
  const most = imagesAtOnce(context.plan);
  const sizes = context.sizes.filter((size) => size <= most);
  try {
    for (const { begin, size } of batchesOf(images.length, sizes)) {
      control.signal?.throwIfAborted();
      const program = await keysProgram(context, size, control);
      keys.push(...(await program.rows({ image: concatRows(images.slice(begin, begin + size)) })));
    }
    return keys;
  } catch (error) {
    keys.forEach(disposeKeys);
    throw error;
  }
}

/** Texts of any lengths against images: one of the two sides is a single item, or both are equally many. */
export async function matchKeys(
  context: EngineContext,
  texts: readonly EncodedText[],
  images: readonly ImageKeys[],
  control: RunControl,
): Promise<MatchLogits[]> {
  const pairs = texts.length === 0 || images.length === 0 ? 0 : Math.max(texts.length, images.length);
  const lengths = Array.from({ length: pairs }, (_, i) => (texts[i] ?? texts[0]!).attentionMask.length);
  const logits = new Array<MatchLogits>(pairs);
  for (const { length, places } of equalLengths(lengths)) {
    for (const { begin, size } of batchesOf(places.length, context.pairSizes)) {
      control.signal?.throwIfAborted();
      const some = places.slice(begin, begin + size);
      const left = texts.length === 1 ? texts : some.map((place) => texts[place]!);
      const right = images.length === 1 ? images : some.map((place) => images[place]!);
      const shape = { pairs: size, texts: left.length, images: right.length, length };
      const program = await matchProgram(context, shape, control);
      const result = await program.run({
        text: concatRows(left.map((text) => text.states)),
        attentionMask: concatRows(left.map((text) => text.attentionMask)),
        ...sideBySide(right),
      });
      for (const [i, row] of splitRows(result.logits as Float32Array, size).entries()) {
        logits[some[i]!] = { other: row[1 - ITM_MATCH]!, match: row[ITM_MATCH]! };
      }
    }
  }
  return logits;
}

function sideBySide(images: readonly ImageKeys[]): Record<string, DeviceTensor[]> {
  return Object.fromEntries(Object.keys(images[0]!).map((name) => [name, images.map((image) => image[name]!)]));
}

/** `matchKeys` of one image by its states: its keys are made for it, and go with it. */
export async function matchImage(
  context: EngineContext,
  texts: readonly EncodedText[],
  states: Float32Array,
  control: RunControl,
): Promise<MatchLogits[]> {
  const keys = await keysOf(context, [states], control);
  try {
    return await matchKeys(context, texts, keys, control);
  } finally {
    keys.forEach(disposeKeys);
  }
}
