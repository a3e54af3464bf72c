import { make } from "../dom.ts";
import type { Library } from "../library.ts";

/** A picture of the library as an image; what cannot be read any more is said in its place. */
export function photo(library: Library, id: string): HTMLImageElement {
  const image = make("img", { alt: library.nameOf(id), loading: "lazy", draggable: false });
  library.addressOf(id).then(
    (address) => {
      image.src = address;
    },
    () => {
      image.alt = `${image.alt} (removed, or not readable any more)`;
    },
  );
  return image;
}

/** Whether a picture fills its frame; drawings keep a margin. */
export function fillsFrame(library: Library, id: string): boolean {
  return library.entryOf(id)?.kind !== "drawing";
}
