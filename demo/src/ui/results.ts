import type { GalleryHit } from "albef";
import { byId, make } from "../dom.ts";
import { type GalleryEntry, OWN } from "../protocol.ts";

export interface ResultActions {
  similar(id: string): void;
  remove(id: string): void;
  /** The address of one of the user's own photos. */
  photoUrl(id: string): Promise<string>;
}

/** Draws a ranking as cards: picture, name, place by each score, licence. */
export function createResults(entries: readonly GalleryEntry[], actions: ResultActions) {
  const grid = byId("results", HTMLElement);
  const known = new Map(entries.map((entry) => [`gallery/${entry.file}`, entry]));

  const card = (hit: GalleryHit, place: number, best: number): HTMLElement => {
    const own = hit.id.startsWith(OWN);
    const entry = known.get(hit.id);
    const name = own ? hit.id.slice(OWN.length) : (entry?.caption ?? hit.id);
    const picture = make("img", { alt: name, loading: "lazy" });
    if (own) void actions.photoUrl(hit.id).then((url) => Object.assign(picture, { src: url }));
    else picture.src = hit.id;
    const open = make("button", { type: "button", className: "picture", title: "Find similar pictures" }, [picture]);
    open.addEventListener("click", () => actions.similar(hit.id));
    const bar = make("i");
    bar.style.width = `${Math.max(0, Math.min(1, hit.itc / best)) * 100}%`;
    const parts = [
      open,
      make("figcaption", {}, [
        make("div", { className: "name", textContent: name }),
        make("div", { className: "bar" }, [bar]),
        make("div", { className: "scores", textContent: scoreLine(hit, place) }),
        entry
          ? make("span", {
              className: "credit",
              title: `${entry.source}, ${entry.author}, ${entry.license}`,
              textContent: `${entry.author} · ${entry.license}`,
            })
          : removeButton(hit.id),
      ]),
    ];
    const figure = make("figure", { className: own || entry?.file.startsWith("photo-") ? "hit photo" : "hit" }, parts);
    figure.dataset.id = hit.id;
    return figure;
  };

  const removeButton = (id: string) => {
    const button = make("button", { type: "button", className: "quiet", textContent: "Remove" });
    button.addEventListener("click", () => actions.remove(id));
    return button;
  };

  return {
    show(hits: readonly GalleryHit[]) {
      const best = Math.max(...hits.map((hit) => hit.itc), 1e-6);
      grid.replaceChildren(...hits.map((hit, place) => card(hit, place, best)));
    },
    /** The whole gallery, unranked. */
    browse(ids: readonly string[]) {
      grid.replaceChildren(...ids.map((id, i) => card({ id, score: 0, itc: 0, rankItc: i }, i, 1)));
      for (const line of grid.querySelectorAll(".bar, .scores")) line.remove();
    },
  };
}

export type Results = ReturnType<typeof createResults>;

function scoreLine(hit: GalleryHit, place: number): string {
  const itc = `ITC ${hit.itc.toFixed(3)}`;
  if (hit.itm === undefined) return `#${place + 1} · ${itc}`;
  const moved = hit.rankItc === place ? "" : ` (was #${hit.rankItc + 1})`;
  return `#${place + 1}${moved} · ${itc} · ITM ${hit.itm.toFixed(2)}`;
}
