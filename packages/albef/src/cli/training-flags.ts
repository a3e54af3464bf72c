import { readFileSync } from "node:fs";
import type { PretrainOptions } from "../training/types.ts";
import { UsageError } from "./terminal.ts";

type Options = Record<string, unknown>;
type Read = (text: string, flag: string) => unknown;

const number: Read = (text, flag) => {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new UsageError(`--${flag} must be a number, got ${JSON.stringify(text)}`);
};
const word: Read = (text) => text;
const yes: Read = (text, flag) => {
  if (text === "true" || text === "false") return text === "true";
  throw new UsageError(`--${flag} must be true or false, got ${text}`);
};
const words: Read = (text) => text.split(",").filter((one) => one !== "");
const factors: Read = (text, flag) =>
  Object.fromEntries(
    (words(text, flag) as string[]).map((one) => {
      const [part, factor] = one.split("=");
      return [part!, number(factor ?? "", `${flag} ${part}=`)];
    }),
  );

/** Flags that are options of a training: how each is read, and what the usage says of it. */
const FLAGS: Readonly<Record<string, readonly [read: Read, usage: string]>> = {
  epochs: [number, "N   passes over the pairs"],
  "batch-size": [number, "N   pairs of a batch (16)"],
  accumulate: [number, "N   batches whose gradients are averaged for a step (1)"],
  "learning-rate": [number, "X   peak of the rate (1e-4; adapters 1e-3)"],
  train: [word, "all|lora   all weights, or low-rank adapters"],
  rank: [number, "N   of the adapters (8)"],
  targets: [word, "attention|all   matrices that get adapters (all)"],
  freeze: [words, "PARTS   e.g. embeddings,vision:6 or the beginning of a parameter's name"],
  rates: [factors, "PART=X,...   factors on the rate of parts"],
  dropout: [number, "X   rate in the text layers, in place of the configuration's"],
  precision: [word, "f32|f16   of activations (f32)"],
  recompute: [yes, "true|false   less memory, a third more work (false)"],
  "memory-budget": [number, "N   most bytes on the device beside the model"],
  "weight-decay": [number, "X   of matrices (0.02)"],
  "max-grad-norm": [number, "X   larger gradients are scaled down to it"],
  "held-out": [number, "X   share of the pairs to measure by (0.2)"],
  patience: [number, "N   passes without a better recall after which it ends"],
  augment: [word, "pretrain|finetune|none"],
  alpha: [number, "X   weight of the momentum teacher's targets (0.4)"],
  seed: [number, "N   (0)"],
};

const PRETRAIN_FLAGS: typeof FLAGS = {
  task: [word, "assignment   text assignment, which prepares for NLVR2, in place of the losses below"],
  sharing: [word, "none|cross-attention|block   of its pairs of layers (cross-attention)"],
  losses: [words, "itc,itm,mlm   those that are computed (all)"],
  distill: [words, "itc,mlm   losses with the teacher's targets; none: without (both)"],
  negatives: [word, "hard|uniform   of ITM (hard)"],
  "queue-size": [number, "N   features in the queues (the configuration's)"],
  "mlm-probability": [number, "X   share of words that are hidden (0.15)"],
};

export function trainingFlags(isPretraining: boolean): typeof FLAGS {
  return isPretraining ? { ...FLAGS, ...PRETRAIN_FLAGS } : FLAGS;
}

/** The lines of the usage. */
export function flagsUsage(flags: typeof FLAGS): string {
  const width = Math.max(...Object.keys(flags).map((name) => name.length)) + 3;
  return Object.entries(flags)
    .map(([name, [, usage]]) => `  ${`--${name}`.padEnd(width)}${usage}`)
    .join("\n");
}

/** Options of a training from a JSON file and from flags, which come first. Throws UsageError. */
export function trainingOptions(
  values: Readonly<Record<string, string | undefined>>,
  { flags, config }: { readonly flags: typeof FLAGS; readonly config: string | undefined },
): PretrainOptions {
  const options: Options = config === undefined ? {} : configFile(config, flags);
  for (const [name, [read]] of Object.entries(flags)) {
    const text = values[name];
    if (text !== undefined) options[camelCase(name)] = read(text, name);
  }
  const { losses, distill, negatives, queueSize, ...rest } = options;
  const objective = objectiveOf({ losses, distill, negatives, queueSize });
  return Object.keys(objective).length === 0
    ? rest
    : { ...rest, objective: { ...(rest.objective as object), ...objective } };
}

function objectiveOf({ losses, distill, negatives, queueSize }: Options): Options {
  const among = (list: unknown, known: readonly string[], flag: string) => {
    const unknown = (list as string[]).find((one) => !known.includes(one));
    if (unknown !== undefined) throw new UsageError(`--${flag} knows ${known.join(", ")}, got ${unknown}`);
    return (one: string) => (list as string[]).includes(one);
  };
  const computed = losses !== undefined && among(losses, ["itc", "itm", "mlm"], "losses");
  const distilled = distill !== undefined && among(distill, ["itc", "mlm", "none"], "distill");
  if (negatives !== undefined) among([negatives], ["hard", "uniform"], "negatives");
  return {
    ...(computed && { itc: computed("itc"), itm: computed("itm"), mlm: computed("mlm") }),
    ...(distilled && { distillItc: distilled("itc"), distillMlm: distilled("mlm") }),
    ...(negatives !== undefined && { hardNegatives: negatives === "hard" }),
    ...(queueSize !== undefined && { queueSize }),
  };
}

function configFile(path: string, flags: typeof FLAGS): Options {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new UsageError(`--config ${path}: ${(cause as Error).message}`);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UsageError(`--config ${path}: must hold an object of options`);
  }
  const known = [...Object.keys(flags).map(camelCase), ...("losses" in flags ? ["objective"] : [])];
  const unknown = Object.keys(json).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`--config ${path}: knows no ${unknown.join(", ")}; it may hold ${known.join(", ")}`);
  }
  return { ...json };
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
