import { byId } from "../dom.ts";

/** Photos dropped anywhere on the page, or chosen. */
export function onPhotos(take: (files: File[]) => void): void {
  const input = byId("files", HTMLInputElement);
  input.addEventListener("change", () => {
    take([...(input.files ?? [])]);
    input.value = "";
  });
  const body = document.body;
  body.addEventListener("dragover", (event) => {
    event.preventDefault();
    body.classList.add("dragging");
  });
  body.addEventListener("dragleave", () => body.classList.remove("dragging"));
  body.addEventListener("drop", (event) => {
    event.preventDefault();
    body.classList.remove("dragging");
    take([...(event.dataTransfer?.files ?? [])]);
  });
}

export function showOwnCount(count: number): void {
  byId("own-count", HTMLParagraphElement).textContent =
    count === 0 ? "" : `${count} of your photos ${count === 1 ? "is" : "are"} in the index.`;
}
