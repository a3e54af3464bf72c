// Draws how time and memory grow: npm run bench -- plots [--only batch,image,...]
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { WebGpuExecutor } from "@albef/core";
import type { WorkloadRequest } from "../workloads/index.ts";
import { gallerySweep } from "./gallery.ts";
import { measureOurs, openDawn, type Point, sweep } from "./scales.ts";
import { exponentOf, type Plot, type Series, svgPlot } from "./svg.ts";
import { type TrainingVariant, trainingWorkload } from "./training.ts";

const FOLDER = fileURLToPath(new URL("../../plots/", import.meta.url));
const SMALL: WorkloadRequest = { kind: "vit", size: "small", batch: 1, length: 10, imageSize: 128 };
const GALLERY_SIZES = [1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000];
const TRAINING_BATCHES = [2, 4, 8];

type Drawing = (executor: WebGpuExecutor) => Promise<Readonly<Record<string, Plot>>>;

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

async function sweepTime(executor: WebGpuExecutor, name: keyof typeof SWEEPS): Promise<Readonly<Record<string, Plot>>> {
  const { request, key, values, xLabel } = SWEEPS[name];
  const forward = await sweep(executor, request, key, values);
  return { [`time-${name}`]: plotOf({ title: "Time of a forward", xLabel, yLabel: "ms" }, { forward }, milliseconds) };
}

async function trainingPoints(executor: WebGpuExecutor, variant: Omit<TrainingVariant, "batch">): Promise<Point[]> {
  const points: Point[] = [];
  for (const batch of TRAINING_BATCHES) {
    points.push({ x: batch, ...(await measureOurs(executor, trainingWorkload({ ...variant, batch }))) });
  }
  return points;
}

async function trainingLines(executor: WebGpuExecutor) {
  return {
    "all weights": await trainingPoints(executor, {}),
    "all weights, blocks recomputed": await trainingPoints(executor, { recompute: true }),
    LoRA: await trainingPoints(executor, { lora: true }),
  };
}

const STEP = { title: "A step of pre-training", xLabel: "pairs in a batch (128 px)" };

async function memory(): Promise<Readonly<Record<string, Plot>>> {
  const { gpu, executor } = await openDawn("null");
  const plots: Record<string, Plot> = {};
  for (const [name, { request, key, values, xLabel }] of Object.entries(SWEEPS)) {
    const axes = { title: "Most bytes of GPU buffers, weights included", xLabel, yLabel: "MB" };
    plots[`memory-${name}`] = plotOf(axes, { forward: await sweep(executor, request, key, values) }, megabytes);
  }
  plots["memory-training"] = plotOf({ ...STEP, yLabel: "MB" }, await trainingLines(executor), megabytes);
  executor.dispose();
  await gpu.requestAdapter(); // the GPU object was held to here
  return plots;
}

async function gallery(executor: WebGpuExecutor): Promise<Readonly<Record<string, Plot>>> {
  const points = await gallerySweep(executor, GALLERY_SIZES);
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
  batch: (executor) => sweepTime(executor, "batch"),
  image: (executor) => sweepTime(executor, "image"),
  text: (executor) => sweepTime(executor, "text"),
  gallery,
  training: async (executor) => ({
    "time-training": plotOf({ ...STEP, yLabel: "ms" }, await trainingLines(executor), milliseconds),
  }),
};

async function main(): Promise<void> {
  const { values } = parseArgs({ args: process.argv.slice(2), options: { only: { type: "string" } } });
  const names = values.only?.split(",") ?? Object.keys(DRAWINGS);
  const { gpu, executor } = await openDawn();
  mkdirSync(FOLDER, { recursive: true });
  for (const name of names) {
    const draw = DRAWINGS[name];
    if (!draw) throw new Error(`plots: no plot is called ${name}; there are ${Object.keys(DRAWINGS).join(", ")}`);
    for (const [title, plot] of Object.entries(await draw(executor))) {
      const file = `${title}.svg`;
      writeFileSync(
        `${FOLDER}${file}`,
        svgPlot({ ...plot, title: name === "memory" ? plot.title : `${plot.title} (${executor.description})` }),
      );
      const points = plot.series.map(
        ({ name: line, points: all }) => `  ${line}: ${all.map(([x, y]) => `${x}: ${y.toFixed(1)}`).join(", ")}`,
      );
      console.log([file, ...points].join("\n"));
    }
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
