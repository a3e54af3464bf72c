import { Albef, type AlbefModel, type Gallery, keptModelNames, type RankStage, removeKeptModel } from "albef";
import { expose } from "comlink";
import { isOwn, OWN, type SearchOutcome, type SearchWorker } from "../protocol.ts";
import { fillGallery, type IndexPlaces, keep } from "./gallery-index.ts";
import { sourceOf } from "./model-source.ts";
import { freeName, openPhotoStore, type PhotoStore } from "./photo-store.ts";
import { thumbnailOf } from "./thumbnail.ts";

interface Opened {
  readonly model: AlbefModel;
  readonly gallery: Gallery;
  readonly places: IndexPlaces;
}

/** The page names its worker by its own address: the built worker lies in a folder below. */
const page = new URL(self.name);

function createSearchWorker(): SearchWorker {
  let opened: Opened | undefined;
  let abort = new AbortController();
  const photos = openPhotoStore();
  const current = (): Opened => {
    if (!opened) throw new Error("the model is not loaded yet");
    return opened;
  };
  return {
    async open(choice, device, entries, report) {
      const started = performance.now();
      abort = new AbortController();
      const options = { onProgress: report, signal: abort.signal };
      const model = await Albef.fromPretrained(await sourceOf(choice, page, options), { ...options, device });
      const loaded = performance.now();
      const places = placesOf(model);
      try {
        const store = await photos;
        const find = (id: string) => imageOf(id, store);
        const gallery = await model.gallery([], { imageOf: find });
        await fillGallery(gallery, { entries, photos: store, places, imageOf: find }, options);
        close(opened);
        opened = { model, gallery, places };
      } catch (error) {
        model.dispose();
        throw error;
      }
      const { gallery } = opened;
      const [loadMs, indexMs] = [loaded - started, performance.now() - loaded];
      return { device: model.device, loadMs, indexMs, ids: gallery.ids, rerankHelps: model.rerankHelps };
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
      gallery.remove([id]);
      await keep(gallery, places);
    },
    thumbnail: async (id) => thumbnailOf(await (await photos).read(id.slice(OWN.length))),
    cancel: () => abort.abort(new DOMException("Cancelled.", "AbortError")),
  };
}

function close(opened: Opened | undefined): void {
  opened?.gallery.dispose();
  opened?.model.dispose();
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
