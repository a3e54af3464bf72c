import type { App } from "../../app.ts";
import { make } from "../../dom.ts";
import type { CaptionedPhoto } from "../../protocol/lesson.ts";
import { nameOfOwn } from "../../protocol/search.ts";
import { photo } from "../photo.ts";

const KEPT = "albef-demo-captions";
const WORD = /[\p{L}\p{N}]/u;

/** The user's photos with a field for what each shows. What is typed is kept in this browser. */
export function createCaptions(app: App, changed: () => void) {
  const list = make("ul", { className: "captions" });
  const captions = readCaptions();

  const row = (id: string): HTMLElement => {
    const value = captions[id] ?? captionFrom(id);
    const field = make("input", { value, placeholder: "What it shows", ariaLabel: `What ${nameOfOwn(id)} shows` });
    field.dataset.id = id;
    field.addEventListener("input", () => {
      captions[id] = field.value;
      localStorage.setItem(KEPT, JSON.stringify(captions));
      changed();
    });
    const remove = make("button", {
      type: "button",
      className: "quiet",
      textContent: "✕",
      ariaLabel: `Remove ${nameOfOwn(id)}`,
    });
    remove.addEventListener("click", () => void app.removePhoto(id).catch(app.status.error));
    return make("li", {}, [photo(app.library, id), field, remove]);
  };
  const fields = () => [...list.querySelectorAll("input")];
  return {
    element: list,
    refresh() {
      const ids = app.library.own;
      const shown = fields().map(({ dataset }) => dataset.id);
      if (shown.join() !== ids.join()) list.replaceChildren(...ids.map(row));
    },
    /** The photos that something is said of. */
    read: (): CaptionedPhoto[] =>
      fields()
        .map(({ dataset, value }) => ({ id: dataset.id!, caption: value.trim() }))
        .filter(({ caption }) => WORD.test(caption)),
    enable(isOn: boolean) {
      for (const field of list.querySelectorAll<HTMLInputElement | HTMLButtonElement>("input, button"))
        field.disabled = !isOn;
    },
  };
}

function readCaptions(): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  } catch {
    return {}; // written by something else
  }
}

/** `2019-08_grandma-garden (2).jpg` -> `grandma garden`; the names that cameras give say nothing. */
function captionFrom(id: string): string {
  const words = nameOfOwn(id)
    .replace(/\.\w+$/, "")
    .replace(/[\d_\-.()]+/g, " ")
    .trim();
  return /^(img|dsc|pxl|image|photo)?$/i.test(words) ? "" : words;
}
