import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { make } from "../../dom.ts";
import type { LessonPoint } from "../../protocol/lesson.ts";

const SMOOTHING = 0.85;
const HEIGHT = 170;

interface Line {
  readonly label: string;
  /** Name of a colour of the page. */
  readonly colour: string;
  readonly width: number;
  value(step: LessonPoint): number;
}

/** The loss of each step with its running mean, and the share of the teacher beside the learning rate. */
export function createCharts(element: HTMLElement) {
  let smooth: number | undefined;
  const smoothed = ({ loss }: LessonPoint) => {
    smooth = smooth === undefined ? loss : SMOOTHING * smooth + (1 - SMOOTHING) * loss;
    return smooth;
  };
  const charts = [
    createChart(element, "Loss", [
      { label: "each step", colour: "--faint", width: 1, value: ({ loss }) => loss },
      { label: "smoothed", colour: "--accent", width: 2.5, value: smoothed },
      { label: "contrast (ITC)", colour: "--second", width: 1, value: ({ losses }) => losses.itc ?? 0 },
      { label: "matching (ITM)", colour: "--third", width: 1, value: ({ losses }) => losses.itm ?? 0 },
    ]),
    createChart(element, "Share of the teacher (alpha)", [
      { label: "alpha", colour: "--second", width: 2, value: ({ alpha }) => alpha },
    ]),
  ];
  return {
    clear() {
      smooth = undefined;
      for (const chart of charts) chart.clear();
    },
    add(step: LessonPoint) {
      for (const chart of charts) chart.add(step);
    },
  };
}

export type Charts = ReturnType<typeof createCharts>;

function createChart(parent: HTMLElement, title: string, lines: readonly Line[]) {
  const box = make("div", { className: "chart" });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const figure = make("figure", {}, [make("figcaption", { className: "small" }, [title, " ", ...lines.map(key)]), box]);
  parent.append(figure);
  const data: number[][] = [[], ...lines.map(() => [])];
  let plot: uPlot | undefined;
  const draw = () => {
    plot?.destroy();
    plot = new uPlot(optionsOf(lines, box.clientWidth), data as uPlot.AlignedData, box);
  };
  const resized = new ResizeObserver(() => {
    if (plot && box.clientWidth > 0) plot.setSize({ width: box.clientWidth, height: HEIGHT });
  });
  resized.observe(box);
  dark.addEventListener("change", () => plot && draw()); // its colours are not those of a style sheet
  return {
    clear() {
      for (const column of data) column.length = 0;
      plot?.setData(data as uPlot.AlignedData);
    },
    add(step: LessonPoint) {
      data[0]!.push(step.step);
      for (const [i, line] of lines.entries()) data[i + 1]!.push(line.value(step));
      if (plot) plot.setData(data as uPlot.AlignedData);
      else draw();
    },
  };
}

function optionsOf(lines: readonly Line[], width: number): uPlot.Options {
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name);
  const axis = (size: number) => ({
    ...{ size, stroke: colour("--soft"), font: "12px system-ui" },
    ...{ grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } },
  });
  return {
    ...{ width, height: HEIGHT, legend: { show: false }, cursor: { show: false } },
    scales: {
      x: { time: false },
      y: { range: (_plot, least, most) => [Math.min(0, least), Math.max(most, 0.1) * 1.05] },
    },
    axes: [axis(28), axis(42)],
    series: [{}, ...lines.map((line) => ({ stroke: colour(line.colour), width: line.width, points: { show: false } }))],
  };
}

function key({ label, colour }: Line): HTMLElement {
  const mark = make("i");
  mark.style.background = `var(${colour})`;
  return make("span", { className: "key" }, [mark, label]);
}
