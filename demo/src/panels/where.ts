import "../style/task.css";
import type { OpenPanel } from "../app.ts";
import { make } from "../dom.ts";
import type { GroundedPicture } from "../protocol/tasks.ts";
import { percent } from "../ui/bars.ts";
import { createChoice } from "../ui/choice.ts";
import { drawHeat } from "../ui/heat.ts";
import { createPicturePicker } from "../ui/picture-picker.ts";
import { showTiming } from "../ui/status.ts";
import { panelHead, whileTyping } from "../ui/task-panel.ts";

const MAP_SIDE = 128; // the longer side of a map; the page scales it to the picture

/** Where the words of a text are in a picture: Grad-CAM of the multimodal encoder, by word, layer and head. */
export const openWhere: OpenPanel = (app, root) => {
  const { albef, library, status } = app;
  const canvas = make("canvas", { className: "heat" });
  const field = make("input", { type: "text", ariaLabel: "What to look for", value: "a red motorcycle in a garage" });
  const words = make("div", { className: "words" });
  const match = make("p", { className: "match" });
  let latest = 0;
  let grounded: GroundedPicture | undefined;
  let pinned: number | undefined;
  let head: number | undefined;

  const picker = createPicturePicker(app, {
    ...{ label: "Picture", start: "gallery/photo-motorcycle-left.webp", overlay: canvas },
    chosen: () => {
      field.value = library.nameOf(picker.id!);
      run();
    },
  });
  const layers = createChoice<number>("Layer", (layer) => run(layer));
  const heads = createChoice<number | undefined>("Head", (chosen) => {
    head = chosen;
    showMap(pinned);
  });

  async function look(layer?: number): Promise<void> {
    const text = field.value.trim();
    if (!app.model || picker.id === undefined || text === "") return;
    const turn = ++latest;
    root.ariaBusy = "true";
    const found = await albef.ground(picker.id, text, layer);
    if (turn !== latest) return;
    root.ariaBusy = "false";
    [grounded, pinned, head] = [found, undefined, undefined];
    match.textContent = `Match by the multimodal encoder: ${percent(found.match.probability)}`;
    layers.set(
      found.layers.map((value) => ({ label: String(value + 1), value })),
      found.layer,
    );
    heads.set(headOptions(found.heads), undefined);
    drawWords(found);
    await drawMap(undefined);
    showTiming(`grounding ${Math.round(found.ms)} ms`);
  }

  function drawWords({ words: spoken }: GroundedPicture): void {
    const most = Math.max(...spoken.map(({ score }) => score));
    words.replaceChildren(
      ...spoken.map(({ word, score }, place) => {
        const chip = make("button", { type: "button", textContent: word, ariaPressed: "false" });
        chip.style.setProperty("--share", String(most > 0 ? Math.max(0, score) / most : 0));
        chip.addEventListener("pointerenter", () => showMap(place));
        chip.addEventListener("focus", () => showMap(place));
        for (const leaving of ["pointerleave", "blur"]) chip.addEventListener(leaving, () => showMap(pinned));
        chip.addEventListener("click", () => {
          pinned = pinned === place ? undefined : place;
          for (const [i, other] of [...words.children].entries()) other.ariaPressed = String(i === pinned);
          showMap(pinned ?? place);
        });
        return chip;
      }),
    );
  }

  async function drawMap(word: number | undefined): Promise<void> {
    const asked = grounded!;
    const scale = MAP_SIDE / Math.max(asked.size.width, asked.size.height);
    const size = {
      width: Math.max(1, Math.round(asked.size.width * scale)),
      height: Math.max(1, Math.round(asked.size.height * scale)),
    };
    const map = await albef.heatMap({ word, head, size });
    if (asked !== grounded) return;
    drawHeat(canvas, map);
    root.dataset.map = `${word ?? "all"} ${asked.layer} ${head ?? "all"}`;
  }

  const showMap = (word: number | undefined) => void drawMap(word).catch(status.error);
  const run = (layer?: number) => void look(layer).catch(status.error);
  whileTyping(field, () => run());
  root.append(
    panelHead("Where is it?", "Hover or tap a word to see where in the picture the model looks for it."),
    make("div", { className: "task" }, [
      picker.element,
      make("div", { className: "asked" }, [field, words, match, layers.element, heads.element]),
    ]),
  );
  return {
    refresh() {
      picker.refresh();
      run();
    },
  };
};

function headOptions(count: number) {
  const each = Array.from({ length: count }, (_, value) => ({ label: String(value + 1), value }));
  return [{ label: "all", value: undefined }, ...each];
}
