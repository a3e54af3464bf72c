import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { parseRetrievalAnnotations, type RetrievalAnnotations } from "../evaluate/annotations.ts";
import { evaluateRetrieval } from "../evaluate/retrieval.ts";
import { modelCore } from "../model/core.ts";
import { type LoadedModel, loadModel } from "../model/load.ts";
import { ABLATIONS, type Ablation } from "../training/ablation.ts";
import { PRETRAIN_GOAL, startTraining } from "../training/index.ts";
import type { DevicePreference } from "../types.ts";
import type { Command } from "./command.ts";
import { progressBar, table, UsageError } from "./terminal.ts";

/** Recalls of one training. */
interface AblationResult {
  readonly name: string;
  readonly seed: number;
  readonly TR1: number;
  readonly IR1: number;
  readonly mean: number;
}

export const ablate: Command = {
  usage: `albef ablate MODEL --data FILE.json [options]
  The paper's ablation of pre-training: each row is trained from the same weights on every other picture of an official
  list, and measured on the pictures between.
  --images FOLDER     where the paths of the list begin (its folder)
  --pictures N        the first of the list (all)
  --seeds N           trainings of each row (3)
  --epochs N          (3)
  --batch-size N      (16)
  --learning-rate X   (1e-4)
  --freeze PARTS      that stay as they are, as for albef pretrain (none)
  --k-test N          candidates that ITM ranks (16)
  --results FILE      .jsonl; trainings that it holds already are not done again (ablation.jsonl)
  --device NAME       auto, webgpu, wasm or cpu (auto)`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...{ data: { type: "string" }, images: { type: "string" } },
        ...{ seeds: { type: "string", default: "3" }, epochs: { type: "string", default: "3" } },
        pictures: { type: "string", default: "Infinity" },
        "batch-size": { type: "string", default: "16" },
        freeze: { type: "string", default: "" },
        "learning-rate": { type: "string", default: "1e-4" },
        "k-test": { type: "string", default: "16" },
        results: { type: "string", default: "ablation.jsonl" },
        device: { type: "string", default: "auto" },
      },
    });
    const [source, ...others] = positionals;
    const { data } = values;
    if (source === undefined || others.length > 0) throw new UsageError("name one model: a folder or an address");
    if (data === undefined) throw new UsageError("--data is needed: an official list of pictures with captions");
    const model = await loadModel(source, { device: values.device as DevicePreference });
    try {
      const settings = {
        ...{ epochs: Number(values.epochs), batchSize: Number(values["batch-size"]) },
        learningRate: Number(values["learning-rate"]),
        freeze: values.freeze.split(",").filter((part) => part !== ""),
      };
      const folder = values.images ?? join(data, "..");
      const { train, test } = halves(readFileSync(data, "utf8"), { where: data, pictures: Number(values.pictures) });
      const parts = { model, folder, train, test, settings, kTest: Number(values["k-test"]) };
      const results = await trainAll(parts, { path: values.results, seeds: Number(values.seeds) });
      const counts = `${train.length} pictures to learn from, ${test.images.length} to measure by`;
      console.log(
        `${source} on ${model.device.kind}; ${JSON.stringify({ ...settings, kTest: parts.kTest })}; ${counts}`,
      );
      console.log(resultTable(results));
    } finally {
      model.dispose();
    }
  },
};

interface AblationParts {
  readonly model: LoadedModel;
  /** Where the pictures lie. */
  readonly folder: string;
  readonly train: readonly { readonly image: string; readonly captions: readonly string[] }[];
  readonly test: RetrievalAnnotations;
  readonly settings: {
    readonly epochs: number;
    readonly batchSize: number;
    readonly learningRate: number;
    readonly freeze: readonly string[];
  };
  readonly kTest: number;
}

/** Every other picture: neighbours in a list are often alike, so both halves hold their kind. */
function halves(json: string, { where, pictures }: { readonly where: string; readonly pictures: number }) {
  const { images, captions, textsOfImage } = parseRetrievalAnnotations(json, where);
  const entries = images
    .slice(0, pictures)
    .map((image, i) => ({ image, captions: textsOfImage[i]!.map((text) => captions[text]!) }));
  const between = entries.filter((_, i) => i % 2 === 1).map(({ image, captions: caption }) => ({ image, caption }));
  const test = parseRetrievalAnnotations(JSON.stringify(between), where);
  return { train: entries.filter((_, i) => i % 2 === 0), test };
}

/** All rows with all seeds; a seed goes through all rows before the next one. */
async function trainAll(parts: AblationParts, { path, seeds }: { readonly path: string; readonly seeds: number }) {
  const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  const results = lines.map((line) => JSON.parse(line) as AblationResult);
  const wanted = Array.from({ length: seeds }, (_, seed) => ABLATIONS.map((row) => ({ row, seed }))).flat();
  const bar = progressBar("ablation");
  const untrained = { name: "untrained", seed: 0 };
  const isKnown = (name: string, seed: number) => results.some((one) => one.name === name && one.seed === seed);
  const keep = (result: AblationResult) => {
    results.push(result);
    appendFileSync(path, `${JSON.stringify(result)}\n`);
  };
  if (!isKnown(untrained.name, 0)) keep({ ...untrained, ...(await recalls(parts.model, parts)) });
  for (const [done, { row, seed }] of wanted.entries()) {
    bar.update(done, wanted.length, `${row.name}, seed ${seed}`);
    if (!isKnown(row.name, seed)) keep({ name: row.name, seed, ...(await trained(parts, row, seed)) });
  }
  bar.end();
  return results;
}

async function trained({ model, folder, train, ...parts }: AblationParts, { objective }: Ablation, seed: number) {
  const pairs = train.flatMap(({ image, captions }) => {
    const place = { image: pathToFileURL(resolve(folder, image)), id: image, imageId: image };
    return captions.map((caption) => ({ ...place, caption }));
  });
  using run = await startTraining(model, pairs, {
    ...{ ...parts.settings, objective, seed, train: "all", heldOut: 0 },
    ...{ goal: PRETRAIN_GOAL, publish: (tuned: LoadedModel) => tuned },
  });
  for await (const _ of run);
  const tuned = await run.model();
  try {
    return await recalls(tuned, { ...parts, folder });
  } finally {
    tuned.dispose();
  }
}

/** Recalls by ITM among the candidates that the contrast of the same weights puts first. */
async function recalls(model: LoadedModel, { test, folder, kTest }: Pick<AblationParts, "test" | "folder" | "kTest">) {
  const core = modelCore(model);
  const images = await core.encodeImages(test.images.map((path) => readFileSync(join(folder, path))));
  const texts = await core.encodeTexts(test.captions);
  const { itm, itc } = await evaluateRetrieval(model.engine, { images, texts }, { ...test, kTest });
  const { textRecall, imageRecall, mean } = itm ?? itc;
  return { TR1: textRecall.r1, IR1: imageRecall.r1, mean };
}

/** Mean and standard deviation of each row over its seeds. */
function resultTable(results: readonly AblationResult[]): string {
  const rows = ["untrained", ...ABLATIONS.map(({ name }) => name)].map((name) => {
    const own = results.filter((result) => result.name === name);
    const cell = (key: "TR1" | "IR1" | "mean") => spread(own.map((result) => result[key]));
    return [name, String(own.length), cell("TR1"), cell("IR1"), cell("mean")];
  });
  return table([["", "seeds", "TR R@1", "IR R@1", "mean of R@1, 5, 10"], ...rows]);
}

function spread(values: readonly number[]): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return mean.toFixed(1);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return `${mean.toFixed(1)} ± ${Math.sqrt(variance).toFixed(1)}`;
}
