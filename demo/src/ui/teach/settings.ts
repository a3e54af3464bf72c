import { make } from "../../dom.ts";
import type { LessonSettings } from "../../protocol/lesson.ts";

const DEFAULTS: LessonSettings = {
  steps: 40,
  batchSize: 16,
  learningRate: 1e-3,
  alpha: 0.4,
  train: "all",
  augment: "none",
};

/** How a lesson is given; the defaults suit a few dozen photos. */
export function createSettings() {
  const number = (value: number, [min, max, step]: readonly [number, number, number | "any"]) =>
    make("input", {
      type: "number",
      value: String(value),
      min: String(min),
      max: String(max),
      step: String(step),
      required: true,
    });
  const steps = number(DEFAULTS.steps, [1, 2000, 1]);
  const batch = number(DEFAULTS.batchSize, [2, 64, 1]);
  const rate = number(DEFAULTS.learningRate, [1e-6, 0.1, "any"]);
  const alpha = number(DEFAULTS.alpha, [0, 1, 0.05]);
  const train = choice({ all: "all weights", lora: "a small adapter (LoRA)" });
  const augment = choice({ none: "as they are", finetune: "cropped, mirrored, altered (RandAugment)" });
  const fields = make("div", { className: "fields" }, [
    labelled("Steps", steps),
    labelled("Photos in a step", batch),
    labelled("Learning rate", rate),
    labelled("Share of the teacher (alpha)", alpha),
    labelled("What learns", train),
    labelled("Photos are shown", augment),
  ]);
  const element = make("details", {}, [make("summary", { textContent: "Settings" }), fields]);
  return {
    element,
    /** Undefined where a field holds what cannot be; the browser then says so. */
    read(): LessonSettings | undefined {
      const wrong = [steps, batch, rate, alpha].find((field) => !field.checkValidity());
      if (wrong) {
        element.open = true;
        wrong.reportValidity();
        return undefined;
      }
      return {
        ...{ steps: steps.valueAsNumber, batchSize: batch.valueAsNumber },
        ...{ learningRate: rate.valueAsNumber, alpha: alpha.valueAsNumber },
        train: train.value as LessonSettings["train"],
        augment: augment.value as LessonSettings["augment"],
      };
    },
    enable(isOn: boolean) {
      for (const field of [steps, batch, rate, alpha, train, augment]) field.disabled = !isOn;
    },
  };
}

function choice(options: Readonly<Record<string, string>>): HTMLSelectElement {
  return make(
    "select",
    {},
    Object.entries(options).map(([value, textContent]) => make("option", { value, textContent })),
  );
}

function labelled(text: string, field: HTMLElement): HTMLElement {
  return make("label", {}, [make("span", { textContent: text }), field]);
}
