import "../style/pictures.css";
import type { App } from "../app.ts";
import { make } from "../dom.ts";
import { photo } from "./photo.ts";

const SHOWN = 60;
const PAUSE_MS = 150;

/** Opens the dialog in which a picture is chosen: found by words, or a new one from a file. */
export function openPictureDialog(app: App, choose: (id: string) => void): void {
  const { albef, library, status } = app;
  const field = make("input", { type: "search", placeholder: "Find a picture", ariaLabel: "Find a picture" });
  const file = make("input", { type: "file", accept: "image/*" });
  const grid = make("div", { className: "choices" });
  const close = make("button", { type: "button", className: "quiet", textContent: "Close" });
  const bar = make("div", { className: "row" }, [
    field,
    make("label", { className: "button" }, ["Use a file", file]),
    close,
  ]);
  const dialog = make("dialog", { className: "pictures", ariaLabel: "Choose a picture" }, [bar, grid]);
  document.body.append(dialog);
  const done = (id: string) => {
    dialog.close();
    choose(id);
  };
  const show = (ids: readonly string[]) => {
    grid.replaceChildren(
      ...ids.slice(0, SHOWN).map((id) => {
        const button = make("button", { type: "button", title: library.nameOf(id) }, [photo(library, id)]);
        button.addEventListener("click", () => done(id));
        return button;
      }),
    );
  };
  const find = async () => {
    const text = field.value.trim();
    if (text === "") return show([...library.own, ...library.ids.filter((id) => !library.own.includes(id))]);
    const { hits } = await albef.search({ text, topK: SHOWN, rerank: 0, onlyOwn: false });
    if (field.value.trim() === text) show(hits.map(({ id }) => id));
  };
  let timer: ReturnType<typeof setTimeout>;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => find().catch(status.error), PAUSE_MS);
  });
  file.addEventListener("change", () => {
    const add = async () => {
      const [id] = await app.addPhotos([...(file.files ?? [])]);
      if (id !== undefined) done(id);
    };
    add().catch(status.error);
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  find().catch(status.error);
}
