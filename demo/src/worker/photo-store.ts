import type { Folder } from "./folder.ts";

export const PHOTOS = "albef-demo-photos";

/** `name`, or `name (2)`, … where that is taken by another photo. */
export async function freeName(photos: Folder, file: File): Promise<string> {
  const taken = new Set(await photos.names());
  const dot = file.name.lastIndexOf(".");
  const [stem, end] = dot > 0 ? [file.name.slice(0, dot), file.name.slice(dot)] : [file.name, ""];
  for (let n = 1; ; n++) {
    const name = n === 1 ? file.name : `${stem} (${n})${end}`;
    if (!taken.has(name)) return name;
    if (await sameBytes(file, await photos.read(name))) return name;
  }
}

async function sameBytes(a: Blob, b: Blob): Promise<boolean> {
  if (a.size !== b.size) return false;
  const [x, y] = (await Promise.all([a.arrayBuffer(), b.arrayBuffer()])).map((bytes) => new Uint8Array(bytes));
  return x!.every((byte, i) => byte === y![i]);
}
