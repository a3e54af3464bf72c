import { Albef, type AlbefModel, type Gallery, keptModelNames, type RankStage, removeKeptModel } from "albef";
import { expose } from "comlink";
import {
  type GalleryEntry,
  isOwn,
  type OpenedModel,
  OWN,
  type Report,
  type SearchOutcome,
  type SearchWorker,
} from "../protocol.ts";
import { openAdapterStore } from "./adapter-store.ts";
import { fillGallery, type IndexPlaces, keep } from "./gallery-index.ts";
import { sourceOf } from "./model-source.ts";
import { freeName, openPhotoStore, type PhotoStore } from "./photo-store.ts";
import { teach } from "./teach.ts";
import { thumbnailOf } from "./thumbnail.ts";

interface Opened {
  /** As it was loaded. */
  readonly base: AlbefModel;
  /** The one in use: the base, or what it has learnt. */
  readonly model: AlbefModel;
  readonly entries: readonly GalleryEntry[];
  readonly gallery: Gallery;
  readonly places: IndexPlaces;
}

/** The page names its worker by its own address: the built worker lies in a folder below. */
const page = new URL(self.name);

function createSearchWorker(): SearchWorker {
  let opened: Opened | undefined;
  let abort = new AbortController();
  let isStopped = false;
  const photos = openPhotoStore();
  const adapters = openAdapterStore();
  const current = (): Opened => {
    if (!opened) throw new Error("the model is not loaded yet");
    return opened;
  };
  /** Takes a model into use with a gallery of its own; the old one goes when the new one is complete. */
  const use = async (next: Pick<Opened, "base" | "model" | "entries">, report: Report): Promise<OpenedModel> => {
    const { base, model, entries } = next;
    const started = performance.now();
    const places = placesOf(model);
    const store = await photos;
    const find = (id: string) => imageOf(id, store);
    const gallery = await model.gallery([], { imageOf: find });
    const options = { onProgress: report, signal: abort.signal };
    await fillGallery(gallery, { entries, photos: store, places, imageOf: find }, options);
    close(opened, base, model);
    opened = { ...next, gallery, places };
    const { device, rerankHelps } = model;
    const indexMs = performance.now() - started;
    return { device, rerankHelps, indexMs, loadMs: 0, ids: gallery.ids, isTaught: model !== base };
  };
  return {
    async open(choice, device, entries, report) {
      const started = performance.now();
      abort = new AbortController();
      const options = { onProgress: report, signal: abort.signal };
      const base = await Albef.fromPretrained(await sourceOf(choice, page, options), { ...options, device });
      try {
        const adapter = await (await adapters).read(base.fingerprint);
        const model = adapter ? await base.withAdapter(adapter) : base;
        const loadMs = performance.now() - started;
        return { ...(await use({ base, model, entries }, report)), loadMs };
      } catch (error) {
        base.dispose();
        throw error;
      }
    },
    async teach(captioned, onStep, report) {
      abort = new AbortController();
      isStopped = false;
      const { base, entries } = current();
      const options = { photos: await photos, report: onStep, signal: abort.signal, isStopped: () => isStopped };
      const { adapter, ...steps } = await teach(base, captioned, options);
      await (await adapters).write(base.fingerprint, adapter);
      return { ...steps, opened: await use({ base, entries, model: await base.withAdapter(adapter) }, report) };
    },
    stopTeaching() {
      isStopped = true;
    },
    async forget(report) {
      const { base, entries } = current();
      await (await adapters).remove(base.fingerprint);
      return use({ base, entries, model: base }, report);
    },
    keptModels: () => keptModelNames().catch(() => []), // a browser without the private file system keeps none
    removeModel: removeKeptModel,
    async search({ text, topK, rerank, onlyOwn }) {
      const { gallery } = current();
      const stages: { stage: RankStage; ms: number }[] = [];
      const onStage = (stage: RankStage, ms: number) => stages.push({ stage, ms });
      const hits = await gallery.search(text, { topK: onlyOwn ? gallery.size : topK, rerank, onStage });
      return { hits: onlyOwn ? hits.filter((hit) => isOwn(hit.id)).slice(0, topK) : hits, stages };
    },
    async similar(id, topK): Promise<SearchOutcome> {
      const started = performance.now();
      const hits = await current().gallery.similarTo(id, { topK });
      return { hits, stages: [{ stage: "search", ms: performance.now() - started }] };
    },
    async addPhotos(files, report) {
      abort = new AbortController();
      const { gallery, places } = current();
      const store = await photos;
      const given: string[] = [];
      const failed: string[] = [];
      for (const file of files) {
        const id = OWN + (await freeName(store, file));
        const added = await gallery.add([{ id, image: file }], { signal: abort.signal });
        failed.push(...added.failed.map(({ error }) => `${file.name}: ${error.message}`));
        if (added.ids.length > 0) {
          await store.write(id.slice(OWN.length), file);
          given.push(id);
        }
        report({ phase: "index", file: file.name, loaded: given.length + failed.length, total: files.length });
      }
      await keep(gallery, places);
      return { ids: given, failed };
    },
    async removePhoto(id) {
      const { gallery, places } = current();
      await (await photos).remove(id.slice(OWN.length));
      await gallery.remove([id]);
      await keep(gallery, places);
    },
    thumbnail: async (id) => thumbnailOf(await (await photos).read(id.slice(OWN.length))),
    cancel: () => abort.abort(new DOMException("Cancelled.", "AbortError")),
  };
}

/** Frees what the next model does not use. */
function close(opened: Opened | undefined, nextBase: AlbefModel, nextModel: AlbefModel): void {
  if (!opened) return;
  opened.gallery.dispose();
  for (const model of new Set([opened.base, opened.model])) {
    if (model !== nextBase && model !== nextModel) model.dispose();
  }
}

function placesOf({ fingerprint }: AlbefModel): IndexPlaces {
  return { prebuilt: new URL("gallery/gallery.index", page), kept: `opfs:albef-demo-${fingerprint}` };
}

async function imageOf(id: string, store: PhotoStore): Promise<Blob> {
  if (isOwn(id)) return store.read(id.slice(OWN.length));
  const response = await fetch(new URL(id, page));
  if (!response.ok) throw new Error(`${id}: the server answered ${response.status}`);
  return response.blob();
}

expose(createSearchWorker());
