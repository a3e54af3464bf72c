import { ModelFileError } from "../errors.ts";
import type { RetrievalPairs } from "./retrieval.ts";

/** Official retrieval annotations: `[{"image": "path.jpg", "caption": ["...", ...]}, ...]`. */
export interface RetrievalAnnotations extends RetrievalPairs {
  readonly images: readonly string[];
  readonly captions: readonly string[];
}

/** Throws ModelFileError, which names the entry that is wrong. */
export function parseRetrievalAnnotations(json: string, where: string): RetrievalAnnotations {
  const images: string[] = [];
  const captions: string[] = [];
  const textsOfImage: number[][] = [];
  const imageOfText: number[] = [];
  for (const [index, entry] of entriesOf(json, where).entries()) {
    const { image, caption } = (entry ?? {}) as { image?: unknown; caption?: unknown };
    const own = typeof caption === "string" ? [caption] : caption;
    if (typeof image !== "string" || !Array.isArray(own) || !own.every((text) => typeof text === "string")) {
      throw new ModelFileError(
        `${where}: entry ${index} must hold an image path and captions, got ${JSON.stringify(entry)}`,
      );
    }
    textsOfImage.push(own.map((_, i) => captions.length + i));
    imageOfText.push(...own.map(() => images.length));
    captions.push(...own);
    images.push(image);
  }
  if (captions.length === 0) throw new ModelFileError(`${where}: holds no caption`);
  return { images, captions, textsOfImage, imageOfText };
}

function entriesOf(json: string, where: string): unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new ModelFileError(`${where}: is not JSON (${(cause as Error).message})`, { cause });
  }
  if (Array.isArray(parsed)) return parsed;
  throw new ModelFileError(`${where}: must hold a list of {image, caption}, got ${typeof parsed}`);
}
