import { Albef, type AlbefModel, type DevicePreference, type Gallery, type ModelSource } from "albef";
import { type GalleryEntry, isOwn, nameOfOwn, type OpenedModel, type Report } from "../protocol/search.ts";
import { type Folder, openFolder } from "./folder.ts";
import { canSearch, fillGallery, type IndexPlaces, pictureIds } from "./gallery-index.ts";
import { type LessonStore, openLessonStore } from "./lesson-store.ts";
import { PHOTOS } from "./photo-store.ts";

/** A model in use, with its gallery. */
export interface Opened {
  /** Whether it is the one that comes with the page. */
  readonly isEmbedded: boolean;
  /** As it was loaded. */
  readonly base: AlbefModel;
  /** The one in use: the base, or what it has learnt. */
  readonly model: AlbefModel;
  readonly lesson?: string | undefined;
  readonly entries: readonly GalleryEntry[];
  readonly gallery: Gallery;
  readonly places: IndexPlaces;
}

/** What the worker's calls share: the model in use, what is kept in this browser, and the way to end what is under way. */
export interface Desk {
  readonly page: URL;
  readonly photos: Promise<Folder>;
  readonly lessons: Promise<LessonStore>;
  /** Throws before a model is loaded. */
  current(): Opened;
  load(source: ModelSource, options: LoadRequest): Promise<OpenedModel>;
  /** Takes what was learnt into use, without a name the model as it was loaded. */
  learn(lesson: string | undefined, report: Report): Promise<OpenedModel>;
  imageOf(id: string): Promise<Blob>;
  /** A signal for work that `cancel` ends. Throws while a lesson is held. */
  begin(): AbortSignal;
  /** Lets nothing else begin until the function returned is called. */
  hold(): () => void;
  cancel(): void;
}

export interface LoadRequest {
  readonly device: DevicePreference;
  readonly entries: readonly GalleryEntry[];
  readonly isEmbedded: boolean;
  readonly report: Report;
  readonly signal: AbortSignal;
}

export function createDesk(page: URL): Desk {
  let opened: Opened | undefined;
  let abort = new AbortController();
  let isHeld = false;
  const photos = openFolder(PHOTOS);
  const lessons = openLessonStore();
  const imageOf = async (id: string) => (isOwn(id) ? (await photos).read(nameOfOwn(id)) : fetched(new URL(id, page)));
  const index = fetched(new URL("gallery/gallery.index", page)); // while the first model loads
  const prebuilt = () => index;
  index.catch(() => undefined); // the development server has none
  const begin = () => {
    if (isHeld) throw new Error("A lesson is under way: stop it or cancel it first.");
    abort = new AbortController();
    return abort.signal;
  };
  const current = () => {
    if (!opened) throw new Error("the model is not loaded yet");
    return opened;
  };
  /** Takes a model into use with a gallery of its own; the old one goes when the new one is complete. */
  const use = async (next: Omit<Opened, "gallery" | "places">, { report, signal }: Under): Promise<OpenedModel> => {
    const { base, model, entries, lesson } = next;
    const started = performance.now();
    const places = { prebuilt, kept: `opfs:albef-demo-${model.fingerprint}` };
    const gallery = await model.gallery([], { imageOf });
    const searches = await canSearch(model);
    const parts = { entries, photos: await photos, places, imageOf };
    try {
      if (searches) await fillGallery(gallery, parts, { onProgress: report, signal });
    } catch (error) {
      gallery.dispose();
      if (model !== base) model.dispose();
      throw error;
    }
    close(opened, base, model);
    opened = { ...next, gallery, places };
    const { device, rerankHelps } = model;
    const ids = searches ? gallery.ids : await pictureIds(parts);
    const indexMs = performance.now() - started;
    return { device, rerankHelps, indexMs, loadMs: 0, isDownloaded: false, ids, lesson };
  };
  const taught = async (base: AlbefModel, lesson: string | undefined): Promise<AlbefModel> =>
    lesson === undefined ? base : base.withAdapter(await (await lessons).adapter(base.fingerprint, lesson));
  return {
    ...{ page, photos, lessons, current, imageOf },
    async load(source, { device, entries, isEmbedded, report, signal }) {
      const started = performance.now();
      let isDownloaded = false;
      const onProgress: Report = (event) => {
        isDownloaded ||= event.phase === "download";
        report(event);
      };
      const base = await Albef.fromPretrained(source, { device, onProgress, signal });
      try {
        const lesson = await (await lessons).inUse(base.fingerprint);
        const model = await taught(base, lesson);
        const loadMs = performance.now() - started;
        const opened = { base, model, entries, lesson, isEmbedded };
        return { ...(await use(opened, { report, signal })), loadMs, isDownloaded };
      } catch (error) {
        base.dispose();
        throw error;
      }
    },
    async learn(lesson, report) {
      const { base, entries, isEmbedded } = current();
      const model = await taught(base, lesson);
      const outcome = await use({ base, model, entries, lesson, isEmbedded }, { report, signal: begin() });
      await (await lessons).use(base.fingerprint, lesson);
      return outcome;
    },
    begin,
    hold() {
      isHeld = true;
      return () => {
        isHeld = false;
      };
    },
    cancel: () => abort.abort(new DOMException("Cancelled.", "AbortError")),
  };
}

interface Under {
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Frees what the next model does not use. */
function close(opened: Opened | undefined, nextBase: AlbefModel, nextModel: AlbefModel): void {
  if (!opened) return;
  opened.gallery.dispose();
  for (const model of new Set([opened.base, opened.model])) {
    if (model !== nextBase && model !== nextModel) model.dispose();
  }
}

async function fetched(url: URL): Promise<Blob> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname}: the server answered ${response.status}`);
  return response.blob();
}
