import type { GalleryHit } from "albef";
import { byId, make } from "../dom.ts";
import type { Library } from "../library.ts";
import type { GalleryEntry } from "../protocol/search.ts";
import { fillsFrame, photo } from "./photo.ts";

const PAGE = 36;

export interface ResultActions {
  similar(id: string): void;
  remove(id: string): void;
}

/** Draws a ranking as cards: picture, name, place by each score, licence. */
export function createResults(library: Library, actions: ResultActions) {
  const grid = byId("results", HTMLElement);
  const more = byId("more", HTMLButtonElement);
  const empty = byId("empty", HTMLDivElement);

  const card = (id: string, lines: readonly Node[]): HTMLElement => {
    const entry = library.entryOf(id);
    const open = make("button", { type: "button", className: "picture", title: "Find similar pictures" }, [
      photo(library, id),
    ]);
    open.addEventListener("click", () => actions.similar(id));
    const title = make("div", { className: "name", textContent: library.nameOf(id) });
    const caption = make("figcaption", {}, [title, ...lines, entry ? credit(entry) : removeButton(id)]);
    const figure = make("figure", { className: fillsFrame(library, id) ? "hit photo" : "hit" }, [open, caption]);
    figure.dataset.id = id;
    return figure;
  };

  const removeButton = (id: string) => {
    const button = make("button", { type: "button", className: "quiet remove", textContent: "Remove" });
    button.addEventListener("click", () => actions.remove(id));
    return button;
  };

  const draw = (cards: readonly HTMLElement[]) => {
    more.hidden = true;
    empty.hidden = cards.length > 0;
    grid.replaceChildren(...cards);
  };

  grid.addEventListener("keydown", moveByArrows);
  return {
    /** A ranking; `query` is the text that it answers, empty where a picture was asked with. */
    show(hits: readonly GalleryHit[], query: string) {
      grid.dataset.query = query;
      const [best, worst] = [Math.max(...hits.map((hit) => hit.itc)), Math.min(...hits.map((hit) => hit.itc))];
      const share = (hit: GalleryHit) => (best > worst ? (hit.itc - worst) / (best - worst) : 1);
      draw(hits.map((hit, place) => card(hit.id, [bar(share(hit)), scoreLine(hit, place)])));
    },
    /** The gallery, unranked, a page at a time. */
    browse(ids: readonly string[], pages = 1) {
      const shown = ids.slice(0, pages * PAGE);
      grid.dataset.query = "";
      draw(shown.map((id) => card(id, [])));
      more.hidden = shown.length === ids.length;
      more.textContent = `Show more of ${ids.length} pictures`;
      more.onclick = () => this.browse(ids, pages + 1);
    },
  };
}

export type Results = ReturnType<typeof createResults>;

function bar(share: number): HTMLElement {
  const filled = make("i");
  filled.style.width = `${Math.round(share * 100)}%`;
  return make("div", { className: "bar" }, [filled]);
}

/** The place by the score that ranks, how far re-ranking moved it, both scores. */
function scoreLine({ itc, itm, rankItc }: GalleryHit, place: number): HTMLElement {
  const line = make("div", { className: "scores" }, [make("b", { textContent: `#${place + 1} ` })]);
  const moved = itm === undefined ? 0 : rankItc - place;
  if (moved !== 0) {
    const mark = make("span", { className: moved > 0 ? "moved" : "moved down" });
    mark.textContent = `${moved > 0 ? "▲" : "▼"}${Math.abs(moved)} `;
    mark.title = `#${rankItc + 1} by the contrastive score alone`;
    line.append(mark);
  }
  line.append(score("ITC", itc.toFixed(2)), itm === undefined ? "" : score("ITM", itm.toFixed(1).replace("-", "−")));
  return line;
}

function score(name: string, value: string): HTMLElement {
  return make("span", { className: "score", textContent: `${name} ${value}` });
}

function credit({ author, license, source }: GalleryEntry): HTMLElement {
  const title = `${source}, ${author}, ${license}`;
  return make("span", { className: "credit", title, textContent: `${author} · ${license}` });
}

function moveByArrows(event: KeyboardEvent): void {
  const pictures = [...document.querySelectorAll<HTMLElement>(".hit .picture")];
  const at = pictures.indexOf(document.activeElement as HTMLElement);
  if (at < 0) return;
  const tops = pictures.map((picture) => picture.getBoundingClientRect().top);
  const columns = tops.filter((top) => top === tops[0]).length;
  const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  const step = steps[event.key];
  if (step === undefined) return;
  event.preventDefault();
  pictures[at + step]?.focus();
}
