import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type RawImage, resizeRgb, toRgb } from "@albef/encoder";
import { readRaw } from "../model/images.ts";

export const weightsFolder = fileURLToPath(new URL("../../../../weights/", import.meta.url));

/** A picture of the demo's gallery, by its name without the ending. */
export function galleryPicture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(`${weightsFolder}gallery/${name}.webp`));
}

/** Pictures side by side on white, each `side` pixels wide and high. */
export async function sideBySide(names: readonly string[], side: number): Promise<RawImage> {
  const width = names.length * side;
  const data = new Uint8Array(width * side * 3);
  for (const [i, name] of names.entries()) {
    const raw = await readRaw(galleryPicture(name));
    const rgb = resizeRgb(toRgb(raw), raw, { width: side, height: side });
    for (let y = 0; y < side; y++) {
      data.set(rgb.subarray(y * side * 3, (y + 1) * side * 3), (y * width + i * side) * 3);
    }
  }
  return { width, height: side, channels: 3, data };
}
