import type { Family } from "../family.ts";
import { checkpointMaps } from "./checkpoint-maps.ts";
import { ops } from "./ops.ts";
import { posEmbed } from "./pos-embed.ts";
import { retrievalEval } from "./retrieval-eval.ts";
import { statedictBase } from "./statedict-base.ts";
import { tiny } from "./tiny.ts";

/** The checks of each kind of recorded case, by the `case` field of case.json. */
export const families: Readonly<Record<string, Family>> = {
  tiny,
  ops,
  "pos-embed": posEmbed,
  "retrieval-eval": retrievalEval,
  "statedict-base": statedictBase,
  "checkpoint-maps": checkpointMaps,
};
