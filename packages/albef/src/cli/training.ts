import { existsSync, mkdirSync, openAsBlob, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { diskSink } from "../convert/disk-sink.ts";
import { writeModel } from "../convert/write-model.ts";
import { readDataset } from "../datasets/index.ts";
import { type LoadedModel, loadModel } from "../model/load.ts";
import { freshName, replaceFile } from "../storage/atomic-file.ts";
import type { Goal } from "../training/goals.ts";
import { type AnyPretrainOptions, startTraining } from "../training/index.ts";
import type { FinetuneRun, FinetuneStep, Metrics, PretrainOptions } from "../training/types.ts";
import type { DevicePreference } from "../types.ts";
import type { Command } from "./command.ts";
import { megabytes, progressBar, UsageError } from "./terminal.ts";
import { flagsUsage, trainingFlags, trainingOptions } from "./training-flags.ts";
import { trainingLog } from "./training-log.ts";

const STATE = "state.safetensors";
const OWN_FLAGS = `  --data PATH      a folder of name.jpg + name.txt; a .csv, .jsonl or official .json
  --images FOLDER  where the paths of a list begin (its folder)
  --out FOLDER     state, log, adapter and model (albef-training)
  --save-every N   steps between saved states (50)
  --log NAME       in the folder: log.csv, or a name that ends in .jsonl
  --resume         goes on from the state in the folder
  --device NAME    auto, webgpu, wasm or cpu (auto)
  --config FILE    options as JSON, by the names of the library; flags come first`;

type GoalOf = (model: LoadedModel, options: AnyPretrainOptions) => Goal;

/** A command that trains a model on pictures with captions. */
export function trainingCommand(name: "train" | "pretrain", goalOf: GoalOf): Command {
  const flags = trainingFlags(name === "pretrain");
  return {
    usage: `albef ${name} MODEL --data PATH [options]\n${OWN_FLAGS}\n${flagsUsage(flags)}`,
    async run(args) {
      const strings = ["data", "images", "out", "save-every", "log", "device", "config", ...Object.keys(flags)];
      const { values, positionals } = parseArgs({
        args: [...args],
        allowPositionals: true,
        options: {
          ...Object.fromEntries(strings.map((flag) => [flag, { type: "string" as const }])),
          resume: { type: "boolean" as const },
        },
      });
      const texts = values as Readonly<Record<string, string | undefined>>;
      const text = (flag: string) => texts[flag];
      const [source, ...others] = positionals;
      if (source === undefined || others.length > 0) throw new UsageError("name one model: a folder or an address");
      const data = text("data");
      if (data === undefined) throw new UsageError("--data is needed: the pictures with their captions");
      const saveEvery = Number(text("save-every") ?? 50);
      if (!Number.isInteger(saveEvery) || saveEvery < 1)
        throw new UsageError("--save-every must be a positive whole number");
      const options = trainingOptions(texts, { flags, config: text("config") });
      const out = folderOf(text("out") ?? "albef-training", values.resume === true);
      const model = await loadModel(source, { device: (text("device") ?? "auto") as DevicePreference });
      try {
        console.log(`${source} on ${model.device.kind} (${model.device.description}): ${model.device.reason}`);
        await train(model, {
          ...{ goal: goalOf(model, options), options, data, out, saveEvery },
          images: text("images"),
          log: text("log") ?? "log.csv",
        });
      } finally {
        model.dispose();
      }
    },
  };
}

/** A new training takes a new folder; what a write that was broken off left behind is removed. */
function folderOf(out: string, isResumed: boolean): string {
  if (!isResumed && existsSync(join(out, STATE))) {
    throw new UsageError(`${out}: holds a training already; go on with --resume, or name another folder by --out`);
  }
  mkdirSync(out, { recursive: true });
  rmSync(freshName(join(out, STATE)), { force: true });
  return out;
}

interface TrainParts {
  readonly goal: Goal;
  readonly options: PretrainOptions;
  readonly data: string;
  readonly images: string | undefined;
  readonly out: string;
  readonly saveEvery: number;
  readonly log: string;
}

async function train(
  model: LoadedModel,
  { goal, options, data, images, out, saveEvery, log: name }: TrainParts,
): Promise<void> {
  const skipped = skippedFiles();
  const state = join(out, STATE);
  using run = await startTraining<LoadedModel, Metrics>(model, readDataset(data, { images, onSkip: skipped.add }), {
    ...{ ...options, goal, onSkip: skipped.add, publish: (tuned: LoadedModel) => tuned },
    resume: existsSync(state) ? await openAsBlob(state) : undefined,
  });
  skipped.report();
  console.log(`${JSON.stringify(run.plan)}\n${megabytes(run.memory.total)} on the device beside the model`);
  if (run.step > 0) console.log(`goes on after step ${run.step}`);
  const save = async () => replaceFile(state, (await run.save()).stream() as unknown as AsyncIterable<Uint8Array>);
  const interrupted = await takeSteps(run, { saveEvery, save, log: await trainingLog(join(out, name), run.step) });
  if (interrupted) return console.log(`stopped after step ${run.step}; go on with --resume`);
  await writeResults(run, out);
  const { before, best } = run;
  if (before && best)
    console.log(`held-out ${measureOf(best)}: ${before.mean.toFixed(2)} before, ${best.mean.toFixed(2)} after`);
}

interface StepParts {
  readonly saveEvery: number;
  readonly log: Awaited<ReturnType<typeof trainingLog>>;
  save(): Promise<void>;
}

/** Trains to the end, or until Ctrl-C; whether it was that. The state is saved in either case. */
async function takeSteps(
  run: FinetuneRun<LoadedModel, Metrics>,
  { saveEvery, save, log }: StepParts,
): Promise<boolean> {
  const bar = progressBar("training");
  let isInterrupted = false;
  const interrupt = () => {
    isInterrupted = true;
  };
  process.once("SIGINT", interrupt);
  try {
    let saved = run.step;
    for await (const done of run) {
      await log.write(done);
      bar.update(done.step, run.plan.steps, noteOf(done));
      if (done.step % saveEvery === 0) {
        await save();
        saved = done.step;
      }
      if (isInterrupted) break;
    }
    if (saved < run.step || run.step === 0) await save();
  } finally {
    process.off("SIGINT", interrupt);
    bar.end();
  }
  return isInterrupted && run.step < run.plan.steps;
}

function measureOf(metrics: Metrics): string {
  return "accuracy" in metrics ? "accuracy" : "recall (mean)";
}

function noteOf({ loss, heldOut, pairsPerSecond, secondsLeft }: FinetuneStep<Metrics>): string {
  const recall = heldOut ? `, held-out ${measureOf(heldOut)} ${heldOut.mean.toFixed(1)}` : "";
  const left = secondsLeft < 90 ? `${Math.round(secondsLeft)} s` : `${Math.round(secondsLeft / 60)} min`;
  return `loss ${loss.toFixed(3)}${recall}, ${pairsPerSecond.toFixed(1)} pairs/s, ${left} left`;
}

/** The adapter, and a folder that `Albef.fromPretrained` loads. */
async function writeResults(run: FinetuneRun<LoadedModel, Metrics>, out: string): Promise<void> {
  const adapter = new Uint8Array(await (await run.adapter()).arrayBuffer());
  await replaceFile(join(out, "adapter.safetensors"), [adapter]);
  const folder = join(out, "model");
  rmSync(folder, { recursive: true, force: true });
  const tuned = await run.model();
  try {
    await writeModel(tuned, await diskSink(folder));
  } finally {
    tuned.dispose();
  }
  console.log(`${join(out, "adapter.safetensors")} (${megabytes(adapter.byteLength)}) and ${folder}`);
}

/** Counts what cannot be used and names it. */
function skippedFiles() {
  const lines: string[] = [];
  return {
    add: ({ id, reason }: { readonly id: string; readonly reason: string }) => void lines.push(`  ${id}: ${reason}`),
    report() {
      if (lines.length > 0) console.log(`${lines.length} left out:\n${lines.join("\n")}`);
    },
  };
}
