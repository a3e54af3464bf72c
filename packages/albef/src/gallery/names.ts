import type { GalleryItem, ImageInput } from "../types.ts";

/**
 * Images with ids: a File's path in its folder or its name, the last part of a URL, else `image-1`, `image-2`, …. A name
 * that comes twice in one call gets a number; one that the gallery has already is kept, so that its picture is replaced.
 */
export function namedItems(
  images: Iterable<ImageInput | GalleryItem>,
  isTaken: (id: string) => boolean,
): GalleryItem[] {
  const given = new Set<string>();
  const numbered = (base: string) => {
    for (let count = 1; ; count++) {
      const id = `${base}-${count}`;
      if (!given.has(id) && !isTaken(id)) return id;
    }
  };
  return Array.from(images, (entry) => {
    const item = isItem(entry) ? entry : { id: nameOf(entry) ?? numbered("image"), image: entry };
    if (typeof item.id !== "string" || item.id === "") {
      throw new TypeError(`gallery: an id must be a string that is not empty, got ${JSON.stringify(item.id)}`);
    }
    const id = given.has(item.id) ? numbered(item.id) : item.id;
    given.add(id);
    return { ...item, id };
  });
}

function isItem(entry: ImageInput | GalleryItem): entry is GalleryItem {
  return typeof entry === "object" && entry !== null && "id" in entry && "image" in entry;
}

function nameOf(image: ImageInput): string | undefined {
  if (image instanceof URL) return decodeURIComponent(image.pathname.split("/").at(-1) ?? "") || undefined;
  if (typeof File !== "undefined" && image instanceof File) return image.webkitRelativePath || image.name || undefined;
  return undefined;
}
