import { type Family, runsOn } from "../family.ts";
import type { RunnerName } from "../runner.ts";
import { adamw } from "./adamw.ts";
import { baseHash } from "./base-hash.ts";
import { captions } from "./captions.ts";
import { checkpointMaps } from "./checkpoint-maps.ts";
import { grounding } from "./grounding.ts";
import { nlvr } from "./nlvr.ts";
import { nlvrTa } from "./nlvr-ta.ts";
import { ops } from "./ops.ts";
import { posEmbed } from "./pos-embed.ts";
import { preprocess } from "./preprocess.ts";
import { pretrainStep } from "./pretrain-step.ts";
import { pth } from "./pth.ts";
import { randaugment } from "./randaugment.ts";
import { retrievalEval } from "./retrieval-eval.ts";
import { retrievalTrain } from "./retrieval-train.ts";
import { schedules } from "./schedules.ts";
import { statedictBase } from "./statedict-base.ts";
import { tiny } from "./tiny.ts";
import { tokenizer } from "./tokenizer.ts";
import { ve } from "./ve.ts";
import { vqa } from "./vqa.ts";
import { vqaEval } from "./vqa-eval.ts";

// To add a family: write `families/NAME.ts` exporting a `Family` (see ../family.ts), and add its line here. The key is
// the `case` field of case.json. The tests run every family of this table on every executor; nothing else is to do.

/** The checks of each kind of recorded case, by the `case` field of case.json. */
export const families: Readonly<Record<string, Family>> = {
  adamw,
  "base-hash": baseHash,
  captions,
  "checkpoint-maps": checkpointMaps,
  grounding,
  nlvr,
  "nlvr-ta": nlvrTa,
  ops,
  "pos-embed": posEmbed,
  preprocess,
  "pretrain-step": pretrainStep,
  pth,
  randaugment,
  "retrieval-eval": retrievalEval,
  "retrieval-train": retrievalTrain,
  schedules,
  "statedict-base": statedictBase,
  tiny,
  tokenizer,
  ve,
  vqa,
  "vqa-eval": vqaEval,
};

/** Kinds that the tests run as they are: on `executor`, or those that need none. Slow ones have a command of their own. */
export function kindsFor(executor?: RunnerName): string[] {
  const fits = (family: Family) =>
    family.needs === "nothing" ? !executor : executor && !family.slow && runsOn(family, executor);
  return Object.keys(families).filter((kind) => fits(families[kind]!));
}
