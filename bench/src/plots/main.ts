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

/** Two plots, of time and of memory, over one number. */
function timeAndMemory(topic: string, xLabel: string, lines: Readonly<Record<string, readonly Point[]>>) {
  const series = (value: (point: Point) => number): Series[] =>
    Object.entries(lines).map(([name, points]) => {
      const pairs = points.map((point): [number, number] => [point.x, value(point)]);
      return { name: `${name}, power ${exponentOf(pairs).toFixed(2)}`, points: pairs };
    });
  return {
    [`${topic}-time`]: { title: `Time of a run: ${topic}`, xLabel, yLabel: "ms", series: series(({ ms }) => ms) },
    [`${topic}-memory`]: {
      ...{ title: `Most bytes of GPU buffers: ${topic}`, xLabel, yLabel: "MB" },
      series: series(({ bytes }) => bytes / 1e6),
    },
  };
}

async function trainingPoints(executor: WebGpuExecutor, variant: Omit<TrainingVariant, "batch">): Promise<Point[]> {
  const points: Point[] = [];
  for (const batch of TRAINING_BATCHES) {
    points.push({ x: batch, ...(await measureOurs(executor, trainingWorkload({ ...variant, batch }))) });
  }
  return points;
}

const DRAWINGS: Readonly<Record<string, Drawing>> = {
  batch: async (executor) =>
    timeAndMemory("batch", "images at a time (128 px)", {
      forward: await sweep(executor, SMALL, "batch", [1, 2, 4, 8, 16]),
    }),
  image: async (executor) =>
    timeAndMemory("image size", "pixels along a side", {
      forward: await sweep(executor, SMALL, "imageSize", [96, 128, 192, 256, 384]),
    }),
  text: async (executor) =>
    timeAndMemory("text length", "tokens", {
      forward: await sweep(executor, { ...SMALL, kind: "bert", batch: 4 }, "length", [8, 16, 32, 64, 128]),
    }),
  gallery: async (executor) => {
    const points = await gallerySweep(executor, GALLERY_SIZES);
    const found = points.map(({ rows, ms }): [number, number] => [rows, ms]);
    const bound = points.map(({ rows, boundMs }): [number, number] => [rows, boundMs]);
    const series = [
      { name: `search for 20, power ${exponentOf(found.slice(-3)).toFixed(2)} at the end`, points: found },
      { name: "memory-bandwidth bound", points: bound, dashed: true },
    ];
    return { "gallery-time": { title: "Time of a search", xLabel: "pictures in the gallery", yLabel: "ms", series } };
  },
  training: async (executor) =>
    timeAndMemory("training step", "pairs in a batch", {
      "all weights": await trainingPoints(executor, {}),
      "all weights, blocks recomputed": await trainingPoints(executor, { recompute: true }),
      LoRA: await trainingPoints(executor, { lora: true }),
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
      const file = `${title.replaceAll(" ", "-")}.svg`;
      writeFileSync(`${FOLDER}${file}`, svgPlot({ ...plot, title: `${plot.title} (${executor.description})` }));
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
