import type { Executor } from "@albef/core";
import type { FeatureDType } from "../types.ts";
import { contentsOf, emptyContents } from "./contents.ts";
import type { SavedIndex } from "./index-file.ts";
import { fits } from "./meta.ts";
import type { GalleryStore, StoreModel } from "./store.ts";

/** Features in memory, searched on the executor's device; saved and loaded as a whole. */
export interface MemoryStore extends GalleryStore {
  readonly dtype: FeatureDType;
  readonly size: number;
  readonly ids: readonly string[];
  has(id: string): boolean;
  saved(): SavedIndex;
  /** Replaces all contents. */
  restore(index: SavedIndex): void;
}

export interface MemoryStoreOptions extends StoreModel {
  readonly dtype: FeatureDType;
}

export function memoryStore(executor: Executor, { width, fingerprint, dtype }: MemoryStoreOptions): MemoryStore {
  let contents = emptyContents(executor, width, dtype);
  const store: MemoryStore = {
    get dtype() {
      return contents.blocks.dtype;
    },
    get size() {
      return contents.rows.size;
    },
    get ids() {
      return [...contents.rows.keys()];
    },
    has: (id) => contents.rows.has(id),
    open: async () => undefined,
    async put(pictures) {
      for (const picture of pictures) contents.put(picture);
    },
    remove: async (ids) => ids.filter((id) => contents.remove(id)).length,
    async feature(id) {
      const row = contents.rows.get(id);
      return row === undefined ? undefined : contents.blocks.vector(row);
    },
    missing: async (ids) => ids.filter((id) => !contents.rows.has(id)),
    async nearest(feature, { k, where, signal }) {
      const { blocks, rows, idOf, metaOf } = contents; // a restore meanwhile must not mix two indexes
      if (rows.size === 0) return [];
      const allows = where && ((row: number) => fits(metaOf(row), where));
      const found = await blocks.search(feature, { k: Math.min(k, rows.size), signal, allows });
      return found.map(({ row, score }) => ({ id: idOf(row), score, meta: metaOf(row) }));
    },
    count: async () => contents.rows.size,
    saved: () => contents.saved(fingerprint),
    restore(index) {
      contents.blocks.dispose();
      contents = contentsOf(executor, index);
    },
    dispose: () => contents.blocks.dispose(),
    [Symbol.dispose]: () => store.dispose(),
  };
  return store;
}
