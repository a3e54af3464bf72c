import type { Executor } from "@albef/core";
import type { FeatureDType } from "../types.ts";
import { type FeatureBlocks, featureBlocks } from "./blocks.ts";
import type { SavedIndex } from "./index-file.ts";
import { loadRow } from "./rows.ts";
import type { PictureMeta, StoredPicture } from "./store.ts";

/** The images of a gallery: which row of the feature blocks is whose. */
export interface Contents {
  readonly blocks: FeatureBlocks;
  /** In the order in which they came. */
  readonly rows: ReadonlyMap<string, number>;
  put(picture: StoredPicture): void;
  remove(id: string): boolean;
  idOf(row: number): string;
  metaOf(row: number): PictureMeta | undefined;
  saved(fingerprint: string): SavedIndex;
}

export function emptyContents(executor: Executor, width: number, dtype: FeatureDType): Contents {
  const blocks = featureBlocks(executor, { width, dtype });
  const rows = new Map<string, number>();
  const ids: string[] = [];
  const metas: (PictureMeta | undefined)[] = [];
  const remove = (id: string) => {
    const row = rows.get(id);
    if (row === undefined) return false;
    blocks.remove(row);
    return rows.delete(id);
  };
  return {
    blocks,
    rows,
    put({ id, feature, meta }) {
      remove(id);
      const row = blocks.insert(feature);
      rows.set(id, row);
      ids[row] = id;
      metas[row] = meta;
    },
    remove,
    idOf: (row) => ids[row]!,
    metaOf: (row) => metas[row],
    saved: (fingerprint) => ({
      fingerprint,
      ids: [...rows.keys()],
      metas: Array.from(rows.values(), (row) => metas[row]),
      features: blocks.pick([...rows.values()]),
    }),
  };
}

export function contentsOf(executor: Executor, { ids, metas, features }: SavedIndex): Contents {
  const contents = emptyContents(executor, features.width, features.dtype);
  for (const [row, id] of ids.entries()) contents.put({ id, feature: loadRow(features, row), meta: metas[row] });
  return contents;
}
