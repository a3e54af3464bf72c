import { GalleryFileError } from "../errors.ts";
import type { ModelCore } from "../model/core.ts";
import type { Gallery, GalleryOptions, PictureIndex, PictureIndexOptions } from "../types.ts";
import { writeIndex } from "./index-file.ts";
import { memoryStore } from "./memory-store.ts";
import { namedItems } from "./names.ts";
import { pictureIndex } from "./picture-index.ts";
import type { GalleryStore } from "./store.ts";

/** Pages that keep no gallery do not load it. */
const keeping = () => import("../seldom.ts");

/** An empty gallery of a model's features, in memory. */
export function createGallery(model: ModelCore, options: GalleryOptions = {}): Gallery {
  const { featureSize: width, fingerprint } = model;
  const store = memoryStore(model.engine.executor, { width, fingerprint, dtype: options.dtype ?? "f16" });
  const index = pictureIndex(model, store, options);
  return {
    ...index,
    get size() {
      return store.size;
    },
    get ids() {
      return store.ids;
    },
    get dtype() {
      return store.dtype;
    },
    add: (images, progress = {}) => index.add(namedItems(images, store.has), progress),
    toBlob: () => new Blob([writeIndex(store.saved())], { type: "application/octet-stream" }),
    async save(target) {
      const { writeTarget } = await keeping();
      await writeTarget(target, writeIndex(store.saved()));
    },
    async load(source, { signal } = {}) {
      const { readSaved } = await keeping();
      const { saved, where } = await readSaved(source, signal);
      if (saved.fingerprint !== fingerprint || saved.features.width !== width) {
        throw new GalleryFileError(`${where}: was made with another model; index its pictures again with this one`);
      }
      store.restore(saved);
      index.forgetPictures();
    },
  };
}

/** A gallery whose features a shared store keeps. Throws GalleryStoreError where they are another model's. */
export async function openSharedGallery(
  model: ModelCore,
  shared: GalleryStore,
  options: PictureIndexOptions = {},
): Promise<PictureIndex> {
  const { checkedStore } = await import("../seldom.ts"); // galleries in memory do not load it
  const store = checkedStore(shared);
  await store.open({ fingerprint: model.fingerprint, width: model.featureSize });
  const index = pictureIndex(model, store, options);
  return {
    ...index,
    add: (items, progress = {}) =>
      index.add(
        namedItems(items, () => false),
        progress,
      ),
  };
}
