import type { Executor } from "@albef/core";
import type { FeatureDType } from "../types.ts";
import { type FeatureBlocks, featureBlocks } from "./blocks.ts";
import type { SavedIndex } from "./index-file.ts";
import { loadRow } from "./rows.ts";

/** The images of a gallery: which row of the feature blocks is whose. */
export interface Contents {
  readonly blocks: FeatureBlocks;
  /** In the order in which they came. */
  readonly rows: ReadonlyMap<string, number>;
  put(id: string, feature: Float32Array): void;
  remove(id: string): boolean;
  idOf(row: number): string;
  saved(fingerprint: string): SavedIndex;
}

export function emptyContents(executor: Executor, width: number, dtype: FeatureDType): Contents {
  const blocks = featureBlocks(executor, { width, dtype });
  const rows = new Map<string, number>();
  const ids: string[] = [];
  const remove = (id: string) => {
    const row = rows.get(id);
    if (row === undefined) return false;
    blocks.remove(row);
    return rows.delete(id);
  };
  return {
    blocks,
    rows,
    put(id, feature) {
      remove(id);
      const row = blocks.insert(feature);
      rows.set(id, row);
      ids[row] = id;
    },
    remove,
    idOf: (row) => ids[row]!,
    saved: (fingerprint) => ({ fingerprint, ids: [...rows.keys()], features: blocks.pick([...rows.values()]) }),
  };
}

export function contentsOf(executor: Executor, { ids, features }: SavedIndex): Contents {
  const contents = emptyContents(executor, features.width, features.dtype);
  for (const [row, id] of ids.entries()) contents.put(id, loadRow(features, row));
  return contents;
}
