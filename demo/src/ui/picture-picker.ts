import type { App } from "../app.ts";
import { make } from "../dom.ts";
import { fillsFrame, photo } from "./photo.ts";
import { openPictureDialog } from "./picture-dialog.ts";

export interface PicturePicker {
  readonly element: HTMLElement;
  /** The picture chosen; undefined while there is none to choose. */
  readonly id: string | undefined;
  /** Draws the picture again; one that is gone gives way to `start`. */
  refresh(): void;
}

export interface PickerOptions {
  readonly label: string;
  /** Shown until the user chooses. */
  readonly start: string;
  chosen(): void;
  /** Lies over the picture, which is then shown whole. */
  readonly overlay?: HTMLElement;
}

/** A picture with a button to choose another: of the gallery, of the user's photos, or a new one. */
export function createPicturePicker(app: App, { label, start, chosen, overlay }: PickerOptions): PicturePicker {
  const frame = make("div", { className: overlay ? "frame whole" : "frame" });
  const name = make("span", { className: "name" });
  const change = make("button", {
    type: "button",
    className: "change",
    textContent: "Change",
    ariaLabel: `${label}: change`,
  });
  const element = make("div", { className: "picker" }, [frame, make("div", { className: "under" }, [name, change])]);
  let id: string | undefined;
  const choose = (chosenId: string) => {
    id = chosenId;
    draw();
    chosen();
  };
  const draw = () => {
    if (id === undefined) return;
    frame.classList.toggle("photo", fillsFrame(app.library, id));
    frame.replaceChildren(photo(app.library, id), ...(overlay ? [overlay] : []));
    name.textContent = app.library.nameOf(id);
    element.dataset.id = id;
  };
  for (const opener of [change, frame]) opener.addEventListener("click", () => openPictureDialog(app, choose));
  return {
    element,
    get id() {
      return id;
    },
    refresh() {
      const { library } = app;
      if (id === undefined || !library.has(id)) id = library.has(start) ? start : library.ids[0];
      draw();
    },
  };
}
