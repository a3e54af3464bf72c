import "../style/task.css";
import type { App, Panel } from "../app.ts";
import { byId, make } from "../dom.ts";
import type { Outcome } from "../protocol/tasks.ts";
import { bars } from "./bars.ts";
import { createPicturePicker } from "./picture-picker.ts";
import { showTiming } from "./status.ts";
import { panelHead, whileTyping } from "./task-panel.ts";

export interface Question {
  readonly title: string;
  readonly lead: string;
  /** The pictures asked about: what each is called, and which are shown at first. */
  readonly pictures: readonly { readonly label: string; readonly start: string }[];
  /** Fields in which the question is written, under their names. */
  readonly fields: Readonly<Record<string, HTMLInputElement | HTMLTextAreaElement>>;
  /** Questions to try. */
  readonly examples: readonly string[];
  /** Asks the model about the pictures chosen; undefined while something is missing. */
  ask(ids: readonly string[]): Promise<Outcome> | undefined;
}

/** A task that asks about one picture or two in words, and shows its answers as bars. */
export function openQuestion(app: App, root: HTMLElement, question: Question): Panel {
  const result = make("div", { className: "result", ariaLive: "polite" });
  const pickers = question.pictures.map((picture) => createPicturePicker(app, { ...picture, chosen: run }));
  const [first] = Object.values(question.fields);
  let latest = 0;

  async function ask(): Promise<void> {
    const ids = pickers.flatMap(({ id }) => id ?? []);
    if (!app.model || ids.length < pickers.length) return;
    const turn = ++latest;
    const asked = question.ask(ids);
    if (!asked) return result.replaceChildren();
    root.ariaBusy = "true";
    try {
      const { shares, by, ms } = await asked;
      if (turn !== latest) return;
      result.replaceChildren(bars(shares), ...(by === undefined ? [] : [answeredBy(by)]));
      showTiming(`${question.title.toLowerCase()} ${Math.round(ms)} ms`);
    } catch (error) {
      if (turn !== latest) return;
      if (!(error instanceof Error) || error.name !== "MissingHeadError") throw error;
      result.replaceChildren(needs(error.message));
    } finally {
      if (turn === latest) root.ariaBusy = "false";
    }
  }

  function run(): void {
    ask().catch(app.status.error);
  }

  const examples = question.examples.map((text) => {
    const chip = make("button", { type: "button", textContent: text });
    chip.addEventListener("click", () => {
      first!.value = text;
      run();
    });
    return chip;
  });
  for (const field of Object.values(question.fields)) whileTyping(field, run);
  const fields = Object.entries(question.fields).map(([name, field]) =>
    make("label", {}, [make("span", { className: "small", textContent: name }), field]),
  );
  root.append(
    panelHead(question.title, question.lead),
    make("div", { className: pickers.length > 1 ? "task two" : "task" }, [
      ...pickers.map(({ element }) => element),
      make("div", { className: "asked" }, [
        ...fields.slice(0, 1),
        make("div", { className: "chips start" }, examples),
        result,
        ...fields.slice(1),
      ]),
    ]),
  );
  return {
    refresh() {
      for (const picker of pickers) picker.refresh();
      run();
    },
  };
}

/** The embedded model has no head for the task: a model beside it answered. */
function answeredBy(model: string): HTMLElement {
  const textContent = `By ${model}, which learnt from scenes of some 45 drawn things.`;
  return make("p", { className: "small", textContent });
}

/** Which checkpoint the task needs, with the way to choose one. */
function needs(problem: string): HTMLElement {
  const choose = make("button", { type: "button", textContent: "Choose a model", className: "primary" });
  choose.addEventListener("click", () => byId("model-button", HTMLButtonElement).click());
  return make("div", { className: "needs" }, [make("p", { textContent: problem }), choose]);
}
