import { ALBEF_BASE, type CheckpointTask, checkpointMap, type OfficialModelName, officialKeys } from "@albef/encoder";
import { type Check, checkEqual } from "../check.ts";
import type { PlainFamily } from "../family.ts";

interface RecordedMap {
  readonly target_model: string;
  readonly source_model?: OfficialModelName;
  readonly loaded_same_name: readonly string[];
  readonly loaded_renamed: Readonly<Record<string, string>>;
  readonly unexpected: readonly string[];
  readonly missing: readonly string[];
}

const tasks: Readonly<Record<string, CheckpointTask>> = {
  "Retrieval.py": "retrieval",
  "Grounding.py": "grounding",
  "VE.py": "ve",
  "VQA.py": "vqa",
  "Pretrain_nlvr.py": "pretrain_nlvr",
  "NLVR.py": "nlvr",
};

/** Where each key of a pre-trained checkpoint of ALBEF-base goes in each official script. */
export const checkpointMaps: PlainFamily = {
  needs: "nothing",
  async run(recorded) {
    const maps = recorded.field<Readonly<Record<string, RecordedMap>>>("maps");
    return Object.entries(maps).flatMap(([script, map]) => checkMap(script, map));
  },
};

function checkMap(script: string, map: RecordedMap): Check[] {
  const task = tasks[script];
  if (!task) throw new Error(`checkpoint-maps: no task for ${script}`);
  const keys = officialKeys(map.source_model ?? "pretrain", ALBEF_BASE).keys();
  const { model, sources, unexpected, missing } = checkpointMap(task, keys, ALBEF_BASE);
  const same = Object.fromEntries(map.loaded_same_name.map((key) => [key, key]));
  return [
    checkEqual(`${script}: target model`, model, map.target_model),
    checkEqual(`${script}: source of each key`, Object.fromEntries(sources), { ...same, ...map.loaded_renamed }),
    checkEqual(`${script}: unexpected keys`, [...unexpected].sort(), [...map.unexpected].sort()),
    checkEqual(`${script}: missing keys`, [...missing].sort(), [...map.missing].sort()),
  ];
}
