import type { App, Panel } from "../app.ts";
import { byId, make } from "../dom.ts";
import { isOwn, type SearchOutcome } from "../protocol/search.ts";
import { photo } from "../ui/photo.ts";
import { createQuery, type Query } from "../ui/query.ts";
import { createResults } from "../ui/results.ts";
import { showFirst, showStages } from "../ui/status.ts";

const SHOWN = 24;
const RERANKED = 16;

/** Search by words as they are typed, or by a picture. Its elements are those of the page itself. */
export function openSearch(app: App): Panel {
  const { albef, library, status } = app;
  const query = createQuery((asked) => void search(asked).catch(status.error));
  const results = createResults(library, {
    similar: (id) => void similar(id).catch(status.error),
    remove: (id) => void app.removePhoto(id).catch(status.error),
  });
  let latest = 0;
  let device: unknown;
  let like: string | undefined;
  let askedAtFirst = query.read().text;

  async function search({ text, rerank, onlyOwn }: Query): Promise<void> {
    if (library.ids.length === 0) return;
    setLike(undefined);
    if (text !== "") {
      if (!app.model) return; // it is asked as soon as there is one
      return show(albef.search({ text, topK: SHOWN, rerank: rerank ? RERANKED : 0, onlyOwn }), text);
    }
    latest++;
    results.browse(onlyOwn ? library.ids.filter(isOwn) : library.ids);
  }

  async function similar(id: string): Promise<void> {
    if (!app.model) return status.say("The model is not there yet.");
    query.clear();
    setLike(id);
    await show(albef.similar(id, SHOWN), "");
    scrollTo({ top: 0, behavior: "smooth" });
  }

  /** Shows the outcome of the last search asked for; earlier ones that come late are dropped. */
  async function show(asked: Promise<SearchOutcome>, text: string): Promise<void> {
    const turn = ++latest;
    const outcome = await asked;
    if (turn !== latest) return;
    results.show(outcome.hits, text);
    if (app.model && text !== "" && text === askedAtFirst) showFirst(app.model);
    else showStages(outcome, library.ids.length);
    askedAtFirst = "";
  }

  /** Says which picture was asked with, and lets go of it. */
  function setLike(id: string | undefined): void {
    like = id;
    const line = byId("like", HTMLParagraphElement);
    line.hidden = id === undefined;
    if (id === undefined) return;
    const back = make("button", { type: "button", className: "quiet", textContent: "✕", ariaLabel: "Show all again" });
    back.addEventListener("click", () => void search(query.read()).catch(status.error));
    const name = make("b", { textContent: library.nameOf(id) });
    line.replaceChildren(photo(library, id), make("span", {}, ["Pictures like ", name]), back);
  }

  function showOwnCount(): void {
    const count = library.own.length;
    byId("own-count", HTMLParagraphElement).textContent =
      count === 0 ? "" : `${count} of your photos ${count === 1 ? "is" : "are"} in the index.`;
    byId("to-teach", HTMLAnchorElement).hidden = count === 0;
  }

  return {
    refresh() {
      const { model } = app;
      showOwnCount();
      if (!model) {
        if (device === undefined) results.browse(library.ids); // something to look at while the first model loads
        return;
      }
      if (device !== model.device) query.setRerank(model.rerankHelps); // another model
      device = model.device;
      const again = like !== undefined && library.ids.includes(like) ? similar(like) : search(query.read());
      again.catch(status.error);
    },
  };
}
