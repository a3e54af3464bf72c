#!/usr/bin/env node
import type { Command } from "./command.ts";
import { UsageError } from "./terminal.ts";

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  inspect: async () => (await import("./inspect.ts")).inspect,
  convert: async () => (await import("./convert.ts")).convert,
  pairs: async () => (await import("./pairs.ts")).pairs,
  train: async () => (await import("./train.ts")).train,
  pretrain: async () => (await import("./pretrain.ts")).pretrain,
  ablate: async () => (await import("./ablate.ts")).ablate,
  "eval retrieval": async () => (await import("./eval-retrieval.ts")).evalRetrieval,
  "eval ve": async () => (await import("./eval-ve.ts")).evalVe,
  "eval vqa": async () => (await import("./eval-vqa.ts")).evalVqa,
  "eval nlvr2": async () => (await import("./eval-nlvr2.ts")).evalNlvr2,
  "eval refcoco": async () => (await import("./eval-refcoco.ts")).evalRefcoco,
};

const HELP = `albef inspect FILE            what a checkpoint or a model folder holds
albef convert FILE OUT        an official .pth (or safetensors) to a folder that web apps load
albef pairs --from FOLDER     a list of pictures to fill in with captions
albef train MODEL             fine-tunes for retrieval on pictures with captions
albef pretrain MODEL          goes on with pre-training on them
albef ablate MODEL            the paper's ablation of pre-training
albef eval retrieval MODEL    recalls on official annotations
albef eval ve MODEL           accuracy of visual entailment on SNLI-VE annotations
albef eval vqa MODEL          answers to questions in the official result format, VQA accuracy
albef eval nlvr2 MODEL        accuracy on official statements about two images
albef eval refcoco MODEL      boxes found on official RefCOCO+ annotations
Each with --help.`;

/** Runs a command line; the exit status: 0, 1 where the work failed, 2 where the call makes no sense. */
export async function main(args: readonly string[]): Promise<number> {
  const name = Object.keys(commands).find((known) => `${args.join(" ")} `.startsWith(`${known} `));
  if (!name) {
    const asked = args.length === 0 || args[0] === "--help" || args[0] === "help";
    (asked ? console.log : console.error)(asked ? HELP : `albef: there is no command "${args.join(" ")}"\n${HELP}`);
    return asked ? 0 : 2;
  }
  const command = await commands[name]!();
  const rest = args.slice(name.split(" ").length);
  if (rest.includes("--help")) {
    console.log(command.usage);
    return 0;
  }
  try {
    await command.run(rest);
    return 0;
  } catch (error) {
    const isUsage =
      error instanceof UsageError || String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
    console.error(`albef ${name}: ${(error as Error).message}`);
    if (isUsage) console.error(command.usage);
    return isUsage ? 2 : 1;
  }
}

const { argv } = process;
const { realpathSync } = process.getBuiltinModule("node:fs");
const { fileURLToPath } = process.getBuiltinModule("node:url");
if (argv[1] && realpathSync(argv[1]) === fileURLToPath(import.meta.url)) process.exitCode = await main(argv.slice(2));
