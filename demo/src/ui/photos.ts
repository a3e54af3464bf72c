import { byId } from "../dom.ts";

/** Files dropped anywhere on the page, or photos chosen. */
export function onFiles(take: (files: File[]) => void): void {
  const input = byId("files", HTMLInputElement);
  input.addEventListener("change", () => {
    take([...(input.files ?? [])]);
    input.value = "";
  });
  const { classList } = document.body;
  addEventListener("dragover", (event) => {
    event.preventDefault();
    classList.add("dragging");
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) classList.remove("dragging");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    classList.remove("dragging");
    take([...(event.dataTransfer?.files ?? [])]);
  });
}

export function showOwnCount(count: number): void {
  byId("own-count", HTMLParagraphElement).textContent =
    count === 0 ? "" : `${count} of your photos ${count === 1 ? "is" : "are"} in the index.`;
}
