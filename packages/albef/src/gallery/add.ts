import type { ModelCore } from "../model/core.ts";
import type { AddResult, GalleryItem, ImageInput, ProgressOptions } from "../types.ts";
import { namedItems } from "./names.ts";

/** Images decoded and encoded together. */
const SLICE = 16;

export interface AddOptions extends ProgressOptions {
  isTaken(id: string): boolean;
  /** Takes an image that is done, with its feature and states. */
  keep(item: GalleryItem, feature: Float32Array, states: Float32Array): void;
}

type Read = { readonly item: GalleryItem } & ({ readonly pixels: Float32Array } | { readonly error: Error });

/** Indexes images slice by slice; the next slice is decoded while one is encoded. */
export async function addImages(
  model: ModelCore,
  images: Iterable<ImageInput | GalleryItem>,
  { onProgress, signal, isTaken, keep }: AddOptions,
): Promise<AddResult> {
  const items = namedItems(images, isTaken);
  const ids: string[] = [];
  const failed: { id: string; error: Error }[] = [];
  let next = readSlice(model, items.slice(0, SLICE), signal);
  for (let begin = 0; begin < items.length; begin += SLICE) {
    const slice = await next;
    signal?.throwIfAborted();
    next = readSlice(model, items.slice(begin + SLICE, begin + 2 * SLICE), signal);
    const readable = slice.flatMap((read) => ("pixels" in read ? [read] : []));
    const pixels = readable.map((read) => read.pixels);
    const encoded = await model.engine.encodeImages(pixels, { signal, onProgress });
    for (const [i, { feature, states }] of encoded.entries()) {
      keep(readable[i]!.item, feature, states);
      ids.push(readable[i]!.item.id);
    }
    const done = { phase: "index", loaded: begin + slice.length, total: items.length } as const;
    for (const read of slice) {
      if (!("error" in read)) continue;
      failed.push({ id: read.item.id, error: read.error });
      onProgress?.({ ...done, file: read.item.id, note: read.error.message });
    }
    onProgress?.({ ...done, file: slice.at(-1)!.item.id });
  }
  return { ids, failed };
}

/** Never throws: an image that cannot be read is told apart from the others. */
function readSlice(model: ModelCore, items: readonly GalleryItem[], signal: AbortSignal | undefined): Promise<Read[]> {
  return Promise.all(
    items.map(async (item): Promise<Read> => {
      try {
        return { item, pixels: await model.readPixels(item.image, signal) };
      } catch (error) {
        return { item, error: error instanceof Error ? error : new Error(String(error)) };
      }
    }),
  );
}
