import { parseJson, parseList } from "./json-list.ts";

/** A statement about two images. */
export interface NlvrStatement {
  /** Paths of the first and of the second image. */
  readonly images: readonly [string, string];
  readonly text: string;
  readonly isTrue: boolean;
}

const WANTED = '{"sentence": "...", "label": "True" or "False", "images": ["path", "path"]}';

/** Official NLVR2 annotations (`nlvr_dev.json`). Throws ModelFileError, which names the entry that is wrong. */
export function parseNlvr(json: string, where: string): NlvrStatement[] {
  return parseList(parseJson(json, where), { where, wanted: WANTED }, ({ sentence, label, images }) => {
    const paths = Array.isArray(images) && images.length === 2 && images.every((path) => typeof path === "string");
    if (!paths || typeof sentence !== "string" || (label !== "True" && label !== "False")) return undefined;
    return { images: images as unknown as readonly [string, string], text: sentence, isTrue: label === "True" };
  });
}
