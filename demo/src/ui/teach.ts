import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { byId, make } from "../dom.ts";
import { type CaptionedPhoto, OWN, type TaughtSteps, type TeachStep } from "../protocol.ts";

const LEAST = 2;
const CAPTIONS = "albef-demo-captions";

export interface TeachActions {
  thumbnail(id: string): Promise<Blob>;
  start(captioned: readonly CaptionedPhoto[]): void;
  stop(): void;
  forget(): void;
}

/** Captions for the user's photos, the buttons of training, and its losses as they fall. */
export function createTeach(actions: TeachActions) {
  const section = byId("teach", HTMLElement);
  const list = byId("captions", HTMLUListElement);
  const [start, stop] = [byId("teach-start", HTMLButtonElement), byId("teach-stop", HTMLButtonElement)];
  const forget = byId("teach-forget", HTMLButtonElement);
  const said = byId("taught", HTMLParagraphElement);
  const chart = createChart();
  const captions = readCaptions();

  const row = (id: string): HTMLElement => {
    const picture = make("img", { alt: "", loading: "lazy" });
    void actions.thumbnail(id).then((blob) => {
      picture.src = URL.createObjectURL(blob);
      picture.onload = () => URL.revokeObjectURL(picture.src);
    });
    const field = make("input", { value: captions[id] ?? captionFrom(id), ariaLabel: `What ${nameOf(id)} shows` });
    field.dataset.id = id;
    field.addEventListener("input", () => {
      captions[id] = field.value;
      localStorage.setItem(CAPTIONS, JSON.stringify(captions));
    });
    return make("li", {}, [picture, field]);
  };
  const captioned = (): CaptionedPhoto[] =>
    [...list.querySelectorAll("input")].map(({ dataset, value }) => ({ id: dataset.id!, caption: value.trim() }));

  const setRunning = (isOn: boolean) => {
    start.hidden = isOn;
    stop.hidden = !isOn;
    for (const field of list.querySelectorAll("input")) field.disabled = isOn;
  };
  start.addEventListener("click", () => {
    const usable = captioned().filter(({ caption }) => caption !== "");
    if (usable.length < LEAST) {
      said.textContent = `Say what ${LEAST} photos or more show.`;
      return;
    }
    setRunning(true);
    chart.clear();
    actions.start(usable);
  });
  stop.addEventListener("click", actions.stop);
  forget.addEventListener("click", actions.forget);

  return {
    /** The photos that can be captioned; `isTaught`: whether the model in use has learnt from them. */
    show(ids: readonly string[], isTaught: boolean) {
      section.hidden = ids.length < LEAST;
      forget.hidden = !isTaught;
      const shown = new Set([...list.querySelectorAll("input")].map(({ dataset }) => dataset.id));
      if (shown.size === ids.length && ids.every((id) => shown.has(id))) return;
      list.replaceChildren(...ids.map(row));
    },
    step({ step, steps, loss, secondsLeft }: TeachStep) {
      chart.add(step, loss);
      said.textContent = `Step ${step} of ${steps} · loss ${loss.toFixed(2)} · ${Math.ceil(secondsLeft)} s left`;
    },
    done({ before, after, photos, steps }: TaughtSteps) {
      setRunning(false);
      said.textContent = `${steps} steps. Found first by their own caption: ${before} of ${photos} before, ${after} of ${photos} now.`;
    },
    ended(text: string) {
      setRunning(false);
      said.textContent = text;
    },
  };
}

function readCaptions(): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(CAPTIONS) ?? "{}");
  } catch {
    return {}; // written by something else
  }
}

const nameOf = (id: string) => id.slice(OWN.length);

/** `2019-08_grandma-garden.jpg` -> `grandma garden`. */
function captionFrom(id: string): string {
  const words = nameOf(id)
    .replace(/\.\w+$/, "")
    .replace(/[\d_\-.()]+/g, " ")
    .trim();
  return /^(img|dsc|pxl|image|photo)?$/i.test(words) ? "" : words;
}

/** The loss of each step, and its running mean. */
function createChart() {
  const box = byId("loss", HTMLDivElement);
  const data: [number[], number[], number[]] = [[], [], []];
  let plot: uPlot | undefined;
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name);
  const axis = () => ({ stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 } });
  return {
    clear() {
      for (const column of data) column.length = 0;
      plot?.destroy();
      plot = undefined;
    },
    add(step: number, loss: number) {
      const before = data[2].at(-1) ?? loss;
      data[0].push(step);
      data[1].push(loss);
      data[2].push(0.8 * before + 0.2 * loss);
      box.hidden = false;
      plot ??= new uPlot(
        {
          ...{ width: box.clientWidth, height: 160, legend: { show: false }, scales: { x: { time: false } } },
          axes: [axis(), axis()],
          series: [{}, { stroke: colour("--line"), width: 1 }, { stroke: colour("--accent"), width: 2 }],
        },
        data,
        box,
      );
      plot.setData(data);
    },
  };
}
