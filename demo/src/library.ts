import type { Remote } from "comlink";
import { type GalleryEntry, isOwn, nameOfOwn } from "./protocol/search.ts";
import type { AlbefWorker } from "./protocol.ts";

/** The pictures that the model in use knows: the page's gallery and, once it is there, the user's photos. */
export interface Library {
  readonly ids: readonly string[];
  readonly own: readonly string[];
  readonly entries: readonly GalleryEntry[];
  entryOf(id: string): GalleryEntry | undefined;
  /** Whether it can be shown: of the gallery, the user's, or one of the scenes that the tasks begin with. */
  has(id: string): boolean;
  /** What a picture is called. */
  nameOf(id: string): string;
  /** An address to show it by. */
  addressOf(id: string): Promise<string>;
  set(ids: readonly string[]): void;
}

/** Composed scenes, such as the models of the tasks learnt from, beside the gallery: what they are called, by id. */
const SCENES: ReadonlyMap<string, string> = new Map([
  ["scenes/00071.webp", "a pink pig"],
  ["scenes/00052.webp", "three pizzas and a boat"],
  ["scenes/00057.webp", "three trumpets"],
]);

export function createLibrary(entries: readonly GalleryEntry[], albef: Remote<AlbefWorker>): Library {
  const known = new Map(entries.map((entry) => [`gallery/${entry.file}`, entry]));
  const thumbnails = new Map<string, Promise<string>>();
  let ids: readonly string[] = [...known.keys()];
  const thumbnail = async (id: string) => URL.createObjectURL(await albef.thumbnail(id));
  return {
    entries,
    get ids() {
      return ids;
    },
    get own() {
      return ids.filter(isOwn);
    },
    entryOf: (id) => known.get(id),
    nameOf: (id) => known.get(id)?.caption ?? SCENES.get(id) ?? nameOfOwn(id),
    has: (id) => ids.includes(id) || SCENES.has(id),
    async addressOf(id) {
      if (!isOwn(id)) return id;
      if (!thumbnails.has(id)) thumbnails.set(id, thumbnail(id));
      return thumbnails.get(id)!;
    },
    set(now) {
      ids = now;
      const kept = new Set(ids);
      for (const [id, address] of thumbnails) {
        if (kept.has(id)) continue;
        thumbnails.delete(id);
        address.then(URL.revokeObjectURL, () => undefined); // there was no thumbnail to free
      }
    },
  };
}
