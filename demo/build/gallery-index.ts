import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Albef } from "albef";

/** The index of `weights/gallery` for `weights/albef-mini`, as the page loads it: f16 features and the ids. */
export async function galleryIndex(weights: string): Promise<Uint8Array> {
  const entries = JSON.parse(await readFile(join(weights, "gallery", "gallery.json"), "utf8")) as { file: string }[];
  const items = await Promise.all(
    entries.map(async ({ file }) => ({ id: `gallery/${file}`, image: await readFile(join(weights, "gallery", file)) })),
  );
  const model = await Albef.fromPretrained(join(weights, "albef-mini"), { device: "wasm" });
  try {
    const gallery = await model.gallery(items);
    if (gallery.size !== items.length) throw new Error(`only ${gallery.size} of ${items.length} pictures are readable`);
    return new Uint8Array(await gallery.toBlob().arrayBuffer());
  } finally {
    model.dispose();
  }
}
