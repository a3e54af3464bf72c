import { GalleryStoreError } from "../errors.ts";
import { isFilter, isMeta, isText, MAX_META_ENTRIES } from "./meta.ts";
import type { GalleryStore, MetaFilter, PictureMeta, StoredPicture, StoreModel } from "./store.ts";

const MAX_ID_LENGTH = 1000;
const MAX_K = 10_000;
const MAX_WIDTH = 16_000; // of a column of pgvector
const UNIT_TOLERANCE = 0.05; // int8 rounding moves a norm by less than 1 %

/** A store that checks what it is given before the inner one sees it. Of one id given twice the last picture counts. */
export function checkedStore(inner: GalleryStore): GalleryStore {
  let model: StoreModel | undefined;
  const opened = () => {
    if (model) return model;
    throw new GalleryStoreError("gallery store: open() comes first");
  };
  const store: GalleryStore = {
    async open(wanted) {
      const { width, fingerprint } = wanted;
      const isModel = typeof fingerprint === "string" && isText(fingerprint) && fingerprint.length <= MAX_ID_LENGTH;
      if (!isModel || !Number.isSafeInteger(width) || width < 1 || width > MAX_WIDTH) {
        throw new GalleryStoreError(
          `gallery store: open() needs a model's fingerprint and the width of its features, 1 to ${MAX_WIDTH}`,
        );
      }
      await inner.open(wanted);
      model = wanted;
    },
    async put(pictures) {
      const { width } = opened();
      for (const picture of pictures) expectPicture(picture, width);
      const last = new Map(pictures.map((picture) => [picture.id, picture]));
      if (last.size > 0) await inner.put([...last.values()]);
    },
    async remove(ids) {
      opened();
      for (const id of ids) expectId(id);
      return ids.length > 0 ? inner.remove([...new Set(ids)]) : 0;
    },
    async feature(id) {
      opened();
      expectId(id);
      return inner.feature(id);
    },
    async missing(ids) {
      opened();
      for (const id of ids) expectId(id);
      return ids.length > 0 ? inner.missing([...new Set(ids)]) : [];
    },
    async nearest(feature, options) {
      expectFeature("query", feature, opened().width);
      if (!Number.isSafeInteger(options.k) || options.k < 1 || options.k > MAX_K) {
        throw new GalleryStoreError(`gallery store: k must be 1 to ${MAX_K}, got ${options.k}`);
      }
      if (options.where) expectFilter(options.where);
      options.signal?.throwIfAborted();
      return inner.nearest(feature, options);
    },
    async count() {
      opened();
      return inner.count();
    },
    dispose: () => inner.dispose(),
    [Symbol.dispose]: () => inner.dispose(),
  };
  return store;
}

function expectPicture({ id, feature, meta }: StoredPicture, width: number): void {
  expectId(id);
  expectFeature(`picture ${JSON.stringify(id)}`, feature, width);
  if (meta !== undefined) expectMeta(id, meta);
}

function expectId(id: unknown): void {
  if (typeof id === "string" && id !== "" && id.length <= MAX_ID_LENGTH && isText(id)) return;
  const shown = typeof id === "string" ? `${id.length} characters` : typeof id;
  throw new GalleryStoreError(`gallery store: an id is text of 1 to ${MAX_ID_LENGTH} characters; got ${shown}`);
}

function expectFeature(who: string, feature: unknown, width: number): void {
  if (!(feature instanceof Float32Array) || feature.length !== width) {
    const got = feature instanceof Float32Array ? feature.length : typeof feature;
    throw new GalleryStoreError(`gallery store: ${who}: its feature must be a Float32Array of ${width}, got ${got}`);
  }
  const norm = Math.sqrt(feature.reduce((sum, value) => sum + value * value, 0));
  if (!(Math.abs(norm - 1) <= UNIT_TOLERANCE)) {
    throw new GalleryStoreError(`gallery store: ${who}: its feature has length ${norm}, must be 1`);
  }
}

function expectMeta(id: string, meta: PictureMeta): void {
  if (isMeta(meta)) return;
  throw new GalleryStoreError(
    `gallery store: meta of ${JSON.stringify(id)} must be at most ${MAX_META_ENTRIES} strings, finite numbers and booleans by name`,
  );
}

function expectFilter(where: MetaFilter): void {
  if (isFilter(where)) return;
  throw new GalleryStoreError("gallery store: where must give a value, or a list of values, by name");
}
