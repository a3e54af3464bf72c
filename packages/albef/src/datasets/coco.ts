import { DatasetError } from "./errors.ts";
import type { DatasetRow } from "./row.ts";

/** What is used of a COCO captions file, e.g. captions_val2014.json. */
interface CocoCaptions {
  readonly images: readonly unknown[];
  readonly annotations: readonly unknown[];
}

export function isCoco(value: unknown): value is CocoCaptions {
  const { images, annotations } = (value ?? {}) as Partial<Record<keyof CocoCaptions, unknown>>;
  return Array.isArray(images) && Array.isArray(annotations);
}

/** Pictures in the file's order, each with its captions; those that have none are left out. Throws DatasetError. */
export function* cocoRows({ images, annotations }: CocoCaptions, name: string): Generator<DatasetRow> {
  const files = new Map<number, { readonly image: string; readonly captions: string[] }>();
  for (const [index, entry] of images.entries()) {
    const { id, file_name: image } = (entry ?? {}) as Record<string, unknown>;
    if (typeof id !== "number" || typeof image !== "string") {
      throw new DatasetError(`${name}: image ${index} must hold an id and a file_name, got ${JSON.stringify(entry)}`);
    }
    files.set(id, { image, captions: [] });
  }
  for (const [index, entry] of annotations.entries()) {
    const { image_id: id, caption } = (entry ?? {}) as Record<string, unknown>;
    const file = files.get(id as number);
    if (!file || typeof caption !== "string") {
      throw new DatasetError(
        `${name}: annotation ${index} must hold a caption and the id of an image, got ${JSON.stringify(entry)}`,
      );
    }
    file.captions.push(caption);
  }
  for (const [id, { image, captions }] of files)
    if (captions.length > 0) yield { image, captions, imageId: String(id) };
}
