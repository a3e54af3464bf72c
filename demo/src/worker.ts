import { Albef, type AlbefModel, type Gallery, type GalleryItem, type ModelSource, type ProgressOptions } from "albef";
import { expose } from "comlink";
import { openPhotoStore, type PhotoStore } from "./photo-store.ts";
import { type GalleryEntry, type ModelChoice, OWN, type Report, type SearchWorker } from "./protocol.ts";

interface Opened {
  readonly model: AlbefModel;
  readonly gallery: Gallery;
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
      const model = await Albef.fromPretrained(sourceOf(choice), { ...options, device });
      const loaded = performance.now();
      const gallery = await model.gallery([], { imageOf: async (id) => imageOf(id, await photos) });
      await fillGallery(model, gallery, entries, options);
      await addOwn(gallery, await photos, options);
      opened?.gallery.dispose();
      opened?.model.dispose();
      opened = { model, gallery };
      return {
        device: model.device,
        loadMs: loaded - started,
        indexMs: performance.now() - loaded,
        ids: gallery.ids,
        rerankHelps: await rerankHelps(choice),
      };
    },
    async search({ text, topK, rerank, onlyOwn }) {
      const { gallery } = current();
      const started = performance.now();
      const hits = await gallery.search(text, { topK: onlyOwn ? gallery.size : topK, rerank });
      const shown = onlyOwn ? hits.filter((hit) => hit.id.startsWith(OWN)).slice(0, topK) : hits;
      return { hits: shown, ms: performance.now() - started };
    },
    async similar(id, topK) {
      const started = performance.now();
      return { hits: await current().gallery.similarTo(id, { topK }), ms: performance.now() - started };
    },
    async addPhotos(files, report) {
      abort = new AbortController();
      const { gallery } = current();
      const store = await photos;
      const items = files.map((file) => ({ id: `${OWN}${file.name}`, image: file }));
      const added = await gallery.add(items, { onProgress: report, signal: abort.signal });
      const known = new Set(added.ids);
      for (const file of files) if (known.has(`${OWN}${file.name}`)) await store.write(file);
      return {
        ids: added.ids,
        failed: added.failed.map(({ id, error }) => `${id.slice(OWN.length)}: ${error.message}`),
      };
    },
    async removePhoto(id) {
      current().gallery.remove([id]);
      await (await photos).remove(id.slice(OWN.length));
    },
    photo: async (id) => (await photos).read(id.slice(OWN.length)),
    cancel: () => abort.abort(new DOMException("cancelled", "AbortError")),
  };
}

function sourceOf(choice: ModelChoice): ModelSource {
  if (choice.kind === "embedded") return new URL("albef-mini/", page);
  return choice.kind === "url" ? new URL(choice.url, page) : choice.files;
}

async function imageOf(id: string, store: PhotoStore): Promise<Blob> {
  if (id.startsWith(OWN)) return store.read(id.slice(OWN.length));
  const response = await fetch(new URL(id, page));
  if (!response.ok) throw new Error(`${id}: the server answered ${response.status}`);
  return response.blob();
}

/** The pictures that come with the page; their index is kept, so that only the first visit computes it. */
async function fillGallery(
  model: AlbefModel,
  gallery: Gallery,
  entries: readonly GalleryEntry[],
  options: ProgressOptions & { readonly onProgress: Report },
): Promise<void> {
  const target = `opfs:albef-demo-gallery-${model.fingerprint}-${entries.length}`;
  try {
    await gallery.load(target);
    if (gallery.size === entries.length) return;
  } catch {
    // not there yet, or damaged: computed again below
  }
  const items: GalleryItem[] = await Promise.all(
    entries.map(async ({ file }) => {
      const id = `gallery/${file}`;
      const response = await fetch(new URL(id, page));
      if (!response.ok) throw new Error(`${id}: the server answered ${response.status}`);
      return { id, image: await response.blob() };
    }),
  );
  const { failed } = await gallery.add(items, options);
  if (failed.length > 0) throw new Error(`${failed[0]!.id}: ${failed[0]!.error.message}`);
  await gallery.save(target).catch(() => undefined); // no storage here: the next visit computes it again
}

async function addOwn(gallery: Gallery, store: PhotoStore, options: ProgressOptions): Promise<void> {
  const names = await store.names();
  if (names.length === 0) return;
  const items = await Promise.all(names.map(async (name) => ({ id: `${OWN}${name}`, image: await store.read(name) })));
  await gallery.add(items, options);
}

/** The model card's verdict, `rerank` in config.json: re-ranking is on by default where it was measured to help. */
async function rerankHelps(choice: ModelChoice): Promise<boolean> {
  if (choice.kind !== "embedded") return true;
  const config = (await (await fetch(new URL("albef-mini/config.json", page))).json()) as { rerank?: boolean };
  return config.rerank ?? false;
}

expose(createSearchWorker());
