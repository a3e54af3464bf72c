// Draws how time and memory grow: npm run bench -- plots [--only batch,image,...] [--quick: smallest sizes, nothing written]
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { WebGpuExecutor } from "@albef/core";
import type { WorkloadRequest } from "../workloads/index.ts";
import { gallerySweep } from "./gallery.ts";
import { type Extent, measureOurs, openDawn, type Point, sweep } from "./scales.ts";
import { exponentOf, type Plot, type Series, svgPlot } from "./svg.ts";
import { type TrainingVariant, trainingWorkload } from "./training.ts";

const FOLDER = fileURLToPath(new URL("../../plots/", import.meta.url));
const SMALL: WorkloadRequest = { kind: "vit", size: "small", batch: 1, length: 10, imageSize: 128 };
const GALLERY_SIZES = [1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000];
const TRAINING_BATCHES = [2, 4, 8];

const WHOLE: Extent = { repeats: 5, sizes: Number.POSITIVE_INFINITY };
const QUICK: Extent = { repeats: 1, sizes: 2 };

type Drawing = (executor: WebGpuExecutor, extent: Extent) => Promise<Readonly<Record<string, Plot>>>;

function plotOf(
  { title, xLabel, yLabel }: Omit<Plot, "series">,
  lines: Readonly<Record<string, readonly Point[]>>,
  value: (point: Point) => number,
): Plot {
  const series = Object.entries(lines).map(([name, points]): Series => {
    const pairs = points.map((point): [number, number] => [point.x, value(point)]);
    return { name: `${name}, power ${exponentOf(pairs).toFixed(2)}`, points: pairs };
  });
  return { title, xLabel, yLabel, series };
}

const milliseconds = (point: Point) => point.ms;
const megabytes = (point: Point) => point.bytes / 1e6;

/** The forward as one number grows: batch, side of the image, length of the text. */
const SWEEPS = {
  batch: { request: SMALL, key: "batch", values: [1, 4, 16], xLabel: "images at a time (128 px)" },
  image: { request: SMALL, key: "imageSize", values: [96, 192, 384], xLabel: "pixels along a side" },
  text: {
    request: { ...SMALL, kind: "bert", batch: 4 },
    key: "length",
    values: [8, 32, 128],
    xLabel: "tokens of 4 texts",
  },
} as const;

async function sweepTime(
  executor: WebGpuExecutor,
  name: keyof typeof SWEEPS,
  extent: Extent,
): Promise<Readonly<Record<string, Plot>>> {
  const { xLabel } = SWEEPS[name];
  const forward = await sweep(executor, SWEEPS[name], extent);
  return { [`time-${name}`]: plotOf({ title: "Time of a forward", xLabel, yLabel: "ms" }, { forward }, milliseconds) };
}

type Variant = Omit<TrainingVariant, "batch">;

async function trainingPoints(executor: WebGpuExecutor, variant: Variant, extent: Extent): Promise<Point[]> {
  const points: Point[] = [];
  for (const batch of TRAINING_BATCHES.slice(0, extent.sizes)) {
    points.push({ x: batch, ...(await measureOurs(executor, trainingWorkload({ ...variant, batch }), extent)) });
  }
  return points;
}

async function trainingLines(executor: WebGpuExecutor, extent: Extent) {
  return {
    "all weights": await trainingPoints(executor, {}, extent),
    "all weights, blocks recomputed": await trainingPoints(executor, { recompute: true }, extent),
    LoRA: await trainingPoints(executor, { lora: true }, extent),
  };
}

const STEP = { title: "A step of pre-training", xLabel: "pairs in a batch (128 px)" };

async function memory(_: WebGpuExecutor, extent: Extent): Promise<Readonly<Record<string, Plot>>> {
  const { gpu, executor } = await openDawn("null");
  const plots: Record<string, Plot> = {};
  for (const [name, numbers] of Object.entries(SWEEPS)) {
    const axes = { title: "Most bytes of GPU buffers, weights included", xLabel: numbers.xLabel, yLabel: "MB" };
    plots[`memory-${name}`] = plotOf(axes, { forward: await sweep(executor, numbers, extent) }, megabytes);
  }
  plots["memory-training"] = plotOf({ ...STEP, yLabel: "MB" }, await trainingLines(executor, extent), megabytes);
  executor.dispose();
  await gpu.requestAdapter(); // the GPU object was held to here
  return plots;
}

async function gallery(executor: WebGpuExecutor, { sizes }: Extent): Promise<Readonly<Record<string, Plot>>> {
  const points = await gallerySweep(executor, GALLERY_SIZES.slice(0, sizes));
  const found = points.map(({ rows, ms }): [number, number] => [rows, ms]);
  const bound = points.map(({ rows, boundMs }): [number, number] => [rows, boundMs]);
  const series = [
    { name: `search for 20, power ${exponentOf(found.slice(-3)).toFixed(2)} at the end`, points: found },
    { name: "memory-bandwidth bound", points: bound, dashed: true },
  ];
  return { "time-gallery": { title: "Time of a search", xLabel: "pictures in the gallery", yLabel: "ms", series } };
}

const DRAWINGS: Readonly<Record<string, Drawing>> = {
  memory,
  batch: (executor, extent) => sweepTime(executor, "batch", extent),
  image: (executor, extent) => sweepTime(executor, "image", extent),
  text: (executor, extent) => sweepTime(executor, "text", extent),
  gallery,
  training: async (executor, extent) => ({
    "time-training": plotOf({ ...STEP, yLabel: "ms" }, await trainingLines(executor, extent), milliseconds),
  }),
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: { only: { type: "string" }, quick: { type: "boolean" } },
  });
  const extent = values.quick ? QUICK : WHOLE;
  const names = values.only?.split(",") ?? Object.keys(DRAWINGS);
  const { gpu, executor } = await openDawn();
  mkdirSync(FOLDER, { recursive: true });
  for (const name of names) {
    const draw = DRAWINGS[name];
    if (!draw) throw new Error(`plots: no plot is called ${name}; there are ${Object.keys(DRAWINGS).join(", ")}`);
    const started = performance.now();
    for (const [title, plot] of Object.entries(await draw(executor, extent))) {
      const file = `${title}.svg`;
      const full = name === "memory" ? plot.title : `${plot.title} (${executor.description})`;
      if (!values.quick) writeFileSync(`${FOLDER}${file}`, svgPlot({ ...plot, title: full }));
      const points = plot.series.map(
        ({ name: line, points: all }) => `  ${line}: ${all.map(([x, y]) => `${x}: ${y.toFixed(1)}`).join(", ")}`,
      );
      console.log([file, ...points].join("\n"));
    }
    console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  executor.dispose();
  await gpu.requestAdapter(); // the GPU object was held to here
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
