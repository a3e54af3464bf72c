import type { ModelCore } from "../model/core.ts";
import type { EncodedImage } from "../model/encoded.ts";
import type { AddResult, GalleryItem, ProgressOptions } from "../types.ts";

/** Images decoded and encoded together. */
const SLICE = 16;

/** An image that is done. */
export interface AddedImage extends EncodedImage {
  readonly item: GalleryItem;
}

export interface AddOptions extends ProgressOptions {
  /** Takes images that are done, slice by slice. */
  keep(added: readonly AddedImage[]): Promise<void>;
}

type Read = { readonly item: GalleryItem } & ({ readonly pixels: Float32Array } | { readonly error: Error });

/** Indexes images slice by slice; the next slice is decoded while one is encoded. */
export async function addImages(
  model: ModelCore,
  items: readonly GalleryItem[],
  { onProgress, signal, keep }: AddOptions,
): Promise<AddResult> {
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
    const added = encoded.map((image, i) => ({ ...image, item: readable[i]!.item }));
    await keep(added);
    ids.push(...added.map(({ item }) => item.id));
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
