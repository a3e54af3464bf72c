import { type AlbefModel, type Gallery, MissingHeadError, type ProgressOptions } from "albef";
import { type GalleryEntry, isOwn, OWN } from "../protocol/search.ts";
import type { Folder } from "./folder.ts";

/** Where the index of a model's gallery lies. */
export interface IndexPlaces {
  /** The index that came with the page: of its own pictures and its embedded model. */
  prebuilt(): Promise<Blob>;
  /** The index kept in this browser, with the user's photos. */
  readonly kept: string;
}

export interface GalleryParts {
  readonly entries: readonly GalleryEntry[];
  readonly photos: Folder;
  readonly places: IndexPlaces;
  imageOf(id: string): Promise<Blob>;
}

/** The page's pictures and the user's photos. */
export async function pictureIds({ entries, photos }: Pick<GalleryParts, "entries" | "photos">): Promise<string[]> {
  return [...entries.map(({ file }) => `gallery/${file}`), ...(await photos.names()).map((name) => OWN + name)];
}

/** Whether a model can search: checkpoints of the downstream tasks cannot. */
export async function canSearch(model: AlbefModel): Promise<boolean> {
  try {
    await model.encodeTexts(["a picture"]);
    return true;
  } catch (error) {
    if (error instanceof MissingHeadError) return false;
    throw error;
  }
}

/** Loads an index that fits the model, and looks at the pictures it lacks. */
export async function fillGallery(gallery: Gallery, parts: GalleryParts, options: ProgressOptions): Promise<void> {
  const { places, imageOf } = parts;
  const wanted = await pictureIds(parts);
  await firstThatFits(gallery, places, options);
  const known = new Set(wanted);
  await gallery.remove(gallery.ids.filter((id) => !known.has(id)));
  const indexed = new Set(gallery.ids);
  const missing = wanted.filter((id) => !indexed.has(id));
  if (missing.length === 0) return;
  const items = await Promise.all(missing.map(async (id) => ({ id, image: await imageOf(id) })));
  const { failed } = await gallery.add(items, options);
  const broken = failed.find(({ id }) => !isOwn(id));
  if (broken) throw broken.error;
  await keep(gallery, places);
}

/** Keeps the index for the next visit. */
export async function keep(gallery: Gallery, { kept }: IndexPlaces): Promise<void> {
  await gallery.save(kept).catch(() => undefined); // without storage the next visit computes it again
}

async function firstThatFits(gallery: Gallery, { kept, prebuilt }: IndexPlaces, options: ProgressOptions) {
  for (const source of [() => kept, prebuilt]) {
    try {
      await gallery.load(await source(), options);
      return;
    } catch {
      options.signal?.throwIfAborted(); // not there, damaged, or of another model: the next one, or computed
    }
  }
}
