import type { Box } from "@albef/heads";
import { ModelFileError } from "../errors.ts";
import { type Fields, parseList } from "./json-list.ts";

/** A phrase with the box that it means and the boxes to choose from. */
export interface Reference {
  /** Path of the image. */
  readonly image: string;
  readonly text: string;
  readonly split: string;
  readonly box: Box;
  readonly proposals: readonly Box[];
}

export interface RefcocoFiles {
  /** `refcoco+_val.json`, `refcoco+_test.json`: `[{"image", "text", "ref_id"}]`. */
  readonly annotations: unknown;
  /** What `refs(unc).p` holds, as JSON: `[{"ref_id", "ann_id", "image_id", "split"}]`. */
  readonly refs: unknown;
  /** `instances.json`: COCO annotations with `id` and `bbox`. */
  readonly instances: unknown;
  /** `dets.json`: boxes `[x, y, width, height]` by image id; further numbers in a box are not read. */
  readonly detections: unknown;
}

/** Official RefCOCO+ files, put together. Throws ModelFileError, which names the file and the entry that is wrong. */
export function readReferences({ annotations, refs, instances, detections }: RefcocoFiles): Reference[] {
  const boxes = boxesOfInstances(instances);
  const known = new Map(parseRefs(refs).map((ref) => [ref.ref_id, ref]));
  return parsePhrases(annotations).map(({ image, text, ref_id }) => {
    const ref = known.get(ref_id);
    if (!ref) throw new ModelFileError(`annotations: ref_id ${ref_id} is not in the refs`);
    const box = boxes.get(ref.ann_id);
    if (!box) throw new ModelFileError(`refs: ann_id ${ref.ann_id} of ref_id ${ref_id} is not in the instances`);
    return { image, text, split: ref.split, box, proposals: proposalsOf(detections, ref.image_id) };
  });
}

/** None where the detector found nothing in an image. */
function proposalsOf(detections: unknown, image: number): Box[] {
  const given = ((detections ?? {}) as Fields)[image] ?? [];
  if (Array.isArray(given) && given.length === 0) return [];
  return parseList(given, { where: `detections of image ${image}`, wanted: "[x, y, width, height]" }, boxOf);
}

function parsePhrases(annotations: unknown) {
  const options = { where: "annotations", wanted: '{"image": "path", "text": "...", "ref_id": number}' };
  return parseList(annotations, options, ({ image, text, ref_id }) =>
    typeof image === "string" && typeof text === "string" && typeof ref_id === "number"
      ? { image, text, ref_id }
      : undefined,
  );
}

function parseRefs(refs: unknown) {
  const wanted = '{"ref_id": number, "ann_id": number, "image_id": number, "split": "val"}';
  return parseList(refs, { where: "refs", wanted }, ({ ref_id, ann_id, image_id, split }) =>
    [ref_id, ann_id, image_id].every((id) => typeof id === "number") && typeof split === "string"
      ? { ref_id: ref_id as number, ann_id: ann_id as number, image_id: image_id as number, split }
      : undefined,
  );
}

function boxesOfInstances(instances: unknown): Map<number, Box> {
  const { annotations } = (instances ?? {}) as { annotations?: unknown };
  const options = { where: "instances", wanted: '{"id": number, "bbox": [x, y, width, height]} in "annotations"' };
  return new Map(
    parseList(annotations, options, ({ id, bbox }) => {
      const box = boxOf(bbox);
      return typeof id === "number" && box ? ([id, box] as const) : undefined;
    }),
  );
}

function boxOf(value: unknown): Box | undefined {
  const isBox =
    Array.isArray(value) &&
    value.length >= 4 &&
    value.slice(0, 4).every(Number.isFinite) &&
    value[2] > 0 &&
    value[3] > 0;
  return isBox ? [value[0], value[1], value[2], value[3]] : undefined;
}
