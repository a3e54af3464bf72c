import { readPixels } from "../model/images.ts";
import type { LoadedModel } from "../model/load.ts";
import type { ImageInput } from "../types.ts";

export interface ByImageOptions {
  /** The picture of a path in the annotations. */
  read(path: string): Promise<ImageInput> | ImageInput;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Results of items in their order; each picture is read and encoded once, however many items are about it. */
export async function byImage<Item extends { readonly image: string }, Result>(
  { config, engine }: LoadedModel,
  items: readonly Item[],
  work: (imageStates: Float32Array, items: readonly Item[]) => Promise<readonly Result[]>,
  { read, onProgress, signal }: ByImageOptions,
): Promise<Result[]> {
  const places = new Map<string, number[]>();
  for (const [place, { image }] of items.entries()) places.set(image, [...(places.get(image) ?? []), place]);
  const results: Result[] = [];
  let done = 0;
  for (const [path, own] of places) {
    signal?.throwIfAborted();
    const pixels = await readPixels(await read(path), config.vision.imageSize, signal);
    const [encoded] = await engine.encodeImages([pixels], { signal });
    const found = await work(
      encoded!.states,
      own.map((place) => items[place]!),
    );
    for (const [i, place] of own.entries()) results[place] = found[i]!;
    done += own.length;
    onProgress?.(done, items.length);
  }
  return results;
}
