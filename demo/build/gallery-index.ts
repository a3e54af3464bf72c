import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Albef } from "albef";

/** Pictures by the id that the page has for them: files under `weights`. */
export type Pictures = ReadonlyMap<string, string>;

/** Indexes of pictures for `weights/albef-mini`, as the page loads them: f16 features and the ids. */
export async function galleryIndexes(weights: string, galleries: readonly Pictures[]): Promise<Uint8Array[]> {
  const model = await Albef.fromPretrained(join(weights, "albef-mini"), { device: "wasm" });
  const indexes: Uint8Array[] = [];
  try {
    for (const pictures of galleries) {
      const items = [...pictures].map(async ([id, file]) => ({ id, image: await readFile(join(weights, file)) }));
      const gallery = await model.gallery(await Promise.all(items));
      if (gallery.size !== items.length)
        throw new Error(`only ${gallery.size} of ${items.length} pictures are readable`);
      indexes.push(new Uint8Array(await gallery.toBlob().arrayBuffer()));
    }
    return indexes;
  } finally {
    model.dispose();
  }
}
