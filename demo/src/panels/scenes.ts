import "../style/task.css";
import "../style/scenes.css";
import type { GalleryHit } from "albef";
import type { OpenPanel } from "../app.ts";
import { make } from "../dom.ts";
import { type Scene, sceneId } from "../protocol/scenes.ts";
import { showTiming } from "../ui/status.ts";
import { panelHead, whileTyping } from "../ui/task-panel.ts";

const SHOWN = 6;
/** Scenes whose sentences are offered: of places, a colour, a number. */
const OFFERED = ["00006.webp", "00002.webp", "00008.webp", "00016.webp"];

/** Scenes that only the order of words, a colour or a number tells apart, by the contrastive score and by matching. */
export const openScenes: OpenPanel = (app, root) => {
  const { albef, report, status } = app;
  const scenes = readScenes();
  const field = make("input", { type: "search", ariaLabel: "Describe a scene", value: "the cat is green" });
  const chips = make("div", { className: "chips start" });
  const byItc = createRanking("Contrastive score alone (ITC)");
  const byItm = createRanking("Re-ranked by the multimodal encoder (ITM)");
  const test = make("button", { type: "button", textContent: "Test all pairs" });
  const outcome = make("p", { className: "small", ariaLive: "polite" });
  let latest = 0;

  async function rank(): Promise<void> {
    const text = field.value.trim();
    const turn = ++latest;
    if (!app.model || text === "") return;
    root.ariaBusy = "true";
    try {
      const known = await scenes;
      const { hits, ms } = await albef.rankScenes(known, text, report);
      if (turn !== latest) return;
      byItc.show(
        hits.toSorted((a, b) => a.rankItc - b.rankItc),
        text,
        known,
      );
      byItm.show(hits, text, known);
      root.dataset.query = text;
      status.say("");
      showTiming(`${hits.length} scenes by both scores ${Math.round(ms)} ms`);
    } finally {
      if (turn === latest) root.ariaBusy = "false";
    }
  }

  async function count(): Promise<void> {
    test.disabled = true;
    try {
      const { itc, itm, scenes: all } = await albef.countFoils(await scenes, report);
      outcome.textContent =
        `The true sentence scores above its foil in ${itc} of ${all} scenes by the contrastive score (ITC), in ${itm} by ` +
        `the matching head (ITM); guessing would be right in ${all / 2}. Differences of less than about ` +
        `${Math.ceil(Math.sqrt(all))} may be chance.`;
      status.say("");
    } finally {
      test.disabled = false;
    }
  }

  const run = () => void rank().catch(status.error);
  whileTyping(field, run);
  test.addEventListener("click", () => void count().catch(status.error));
  scenes.then((known) => {
    const offered = known.filter(({ file }) => OFFERED.includes(file));
    chips.append(
      ...offered
        .flatMap(({ sentence, foil }) => [sentence, foil])
        .map((text) => {
          const chip = make("button", { type: "button", textContent: text });
          chip.addEventListener("click", () => {
            field.value = text;
            run();
          });
          return chip;
        }),
    );
  }, status.error);
  root.append(
    panelHead(
      "Scenes and foils",
      "Here the words alone are not enough: places, colours and numbers tell the pictures apart. How much of that the model in use sees, you can test below.",
    ),
    make("div", { className: "asked" }, [field, chips]),
    make("div", { className: "sides" }, [byItc.element, byItm.element]),
    make("div", { className: "row foils" }, [test, outcome]),
    make("p", { className: "small" }, [
      "Composed from drawings of several makers, see the ",
      make("a", { href: "scenes/NOTICE.txt", textContent: "notice of authors and licences" }),
      ". These scenes were not trained on.",
    ]),
  );
  return { refresh: run };
};

/** The first scenes of a ranking, and the places of the two that the words were written for. */
function createRanking(title: string) {
  const list = make("ol", { className: "ranking" });
  const places = make("p", { className: "small" });
  return {
    element: make("section", {}, [make("h2", { textContent: title }), places, list]),
    show(hits: readonly GalleryHit[], text: string, scenes: readonly Scene[]) {
      const ofHit = ({ id }: GalleryHit) => scenes.find((scene) => sceneId(scene) === id);
      const placeOf = (key: "sentence" | "foil") => hits.findIndex((hit) => ofHit(hit)?.[key] === text) + 1;
      const [own, foil] = [placeOf("sentence"), placeOf("foil")];
      places.textContent =
        (own > 0 ? `The scene it is true of is #${own} of ${hits.length}. ` : "") +
        (foil > 0 ? `A scene it is a foil of is #${foil} of ${hits.length}.` : "");
      list.replaceChildren(...hits.slice(0, SHOWN).map((hit) => sceneCard(hit, text, ofHit(hit))));
    },
  };
}

/** Marks the scene that a sentence was written for, and the one that it is the foil of. */
function sceneCard({ id, itc, itm }: GalleryHit, text: string, scene: Scene | undefined): HTMLElement {
  const kind = scene?.sentence === text ? "true" : scene?.foil === text ? "foil" : "";
  const mark = { true: "true of this one", foil: "not true of this one", "": "" }[kind];
  const scores = make("span", { className: "small scores" }, [
    make("span", { textContent: `ITC ${itc.toFixed(2)} · ` }),
    make("span", { textContent: `ITM ${(itm ?? 0).toFixed(1).replace("-", "−")}` }),
  ]);
  const card = make("li", { className: kind === "" ? "scene" : `scene ${kind}` }, [
    make("img", { src: id, alt: scene ? `a scene of which is true: ${scene.sentence}` : id, loading: "lazy" }),
    scores,
    make("span", { className: "mark", textContent: mark, hidden: mark === "" }),
  ]);
  card.dataset.id = id;
  return card;
}

async function readScenes(): Promise<readonly Scene[]> {
  const response = await fetch("scenes/scenes.json");
  if (!response.ok) throw new Error(`scenes.json: the server answered ${response.status}; build the demo again`);
  return response.json();
}
