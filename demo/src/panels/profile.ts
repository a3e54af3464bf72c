import "../style/task.css";
import "../style/profile.css";
import type { OpenPanel } from "../app.ts";
import { make } from "../dom.ts";
import type { Profiled } from "../protocol/tasks.ts";
import { percent } from "../ui/bars.ts";
import { showTiming } from "../ui/status.ts";
import { panelHead } from "../ui/task-panel.ts";

const PARTS = {
  image: "Image encoder",
  text: "Text encoder",
  keys: "Keys of a picture, kept for re-ranking",
  match: "Matching a text with a picture",
} as const;

type Kernel = Profiled["kernels"][number];

/** Where the time of the model in use goes, kernel by kernel; the same as a file for trace viewers. */
export const openProfile: OpenPanel = (app, root) => {
  const { albef, status } = app;
  const run = make("button", { type: "button", className: "primary", textContent: "Measure" });
  const download = make("a", { className: "button", textContent: "Download the trace", hidden: true });
  const summary = make("p", { className: "small" });
  const tables = make("div", { className: "profile" });
  let measuredOn: unknown;

  async function measure(): Promise<void> {
    run.disabled = true;
    root.ariaBusy = "true";
    const started = performance.now();
    try {
      const profile = await albef.profile();
      show(profile);
      measuredOn = app.model?.device;
      showTiming(`profile ${Math.round(performance.now() - started)} ms`);
    } finally {
      run.disabled = app.model === undefined;
      root.ariaBusy = "false";
    }
  }

  function show({ device, peak, kernels, trace }: Profiled): void {
    URL.revokeObjectURL(download.href);
    download.href = URL.createObjectURL(trace);
    download.download = "albef-trace.json";
    download.hidden = false;
    const clock = kernels.some((kernel) => kernel.clock === "host") ? "the page's clock" : "the device's timestamps";
    summary.textContent =
      `${device}, by ${clock}. Roofline: the least time that ${giga(peak.flopsPerSecond)} GFLOP/s and ` +
      `${giga(peak.bytesPerSecond)} GB/s, both measured here, allow, over the time taken.`;
    const parts = Object.keys(PARTS) as (keyof typeof PARTS)[];
    tables.replaceChildren(
      ...parts.map((part) =>
        partTable(
          part,
          kernels.filter((kernel) => kernel.part === part),
        ),
      ),
    );
  }

  run.addEventListener("click", () => void measure().catch(status.error));
  root.append(
    panelHead("Where the time goes", "Each kernel of the model runs by itself, five times, with a clock on it."),
    make("div", { className: "row" }, [run, download]),
    summary,
    tables,
  );
  return {
    refresh() {
      run.disabled = app.model === undefined;
      if (measuredOn === undefined || measuredOn === app.model?.device) return;
      tables.replaceChildren(); // another model's
      summary.textContent = "";
      download.hidden = true;
    },
  };
};

function partTable(part: keyof typeof PARTS, kernels: readonly Kernel[]): HTMLElement {
  const total = kernels.reduce((sum, { ns }) => sum + ns, 0);
  const head = make(
    "tr",
    {},
    ["Kernel", "Time", "Share", "MFLOP", "MB", "Roofline"].map((textContent) => make("th", { textContent })),
  );
  const rows = kernels.map((kernel) => kernelRow(kernel, total));
  const table = make("table", {}, [make("thead", {}, [head]), make("tbody", {}, rows)]);
  const title = `${PARTS[part]}: ${milliseconds(total)}, ${kernels.length} kernels`;
  return make("section", {}, [make("h2", { textContent: title }), make("div", { className: "scroll" }, [table])]);
}

function kernelRow({ op, shapes, ns, flops, bytes, rooflineShare }: Kernel, total: number): HTMLElement {
  const share = total > 0 ? ns / total : 0;
  const filled = make("i");
  filled.style.width = `${100 * share}%`;
  const figures = [milliseconds(ns), percent(share), (flops / 1e6).toFixed(2), (bytes / 1e6).toFixed(2)];
  return make("tr", {}, [
    make("td", { title: shapes }, [make("b", { textContent: op }), make("span", { textContent: shapes }), filled]),
    ...figures.map((textContent) => make("td", { textContent })),
    make("td", { textContent: rooflineShare === undefined ? "–" : percent(Math.min(1, rooflineShare)) }),
  ]);
}

function milliseconds(ns: number): string {
  return `${(ns / 1e6).toFixed(ns < 1e6 ? 3 : 1)} ms`;
}

function giga(perSecond: number): string {
  return (perSecond / 1e9).toFixed(perSecond < 1e10 ? 1 : 0);
}
