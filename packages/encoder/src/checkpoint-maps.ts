import type { AlbefConfig } from "./config.ts";
import { type OfficialModelName, officialKeys } from "./official-models.ts";

/** What a checkpoint is loaded for, after the official scripts. */
export type CheckpointTask = "pretrain" | "retrieval" | "grounding" | "ve" | "vqa" | "pretrain_nlvr" | "nlvr";

/** Where the tensors of a checkpoint go. */
export interface CheckpointMap {
  readonly model: OfficialModelName;
  /** Key of the model -> key of the checkpoint. One tensor may go to several places. */
  readonly sources: ReadonlyMap<string, string>;
  /** Keys of the model whose position embedding must be resized to the model's grid. */
  readonly interpolated: readonly string[];
  /** Keys, as renamed, that the model does not have; the official code ignores them. */
  readonly unexpected: readonly string[];
  /** Keys of the model that the checkpoint does not fill; they keep their initialisation. */
  readonly missing: readonly string[];
}

interface Rule {
  readonly model: OfficialModelName;
  /** The names under which the tensor of `key` is offered to the model. */
  rename(key: string, fusionLayer: number): readonly string[];
  /** Whether the position embedding of the momentum image encoder is resized as well. */
  readonly momentumPositions: boolean;
}

const keep = (key: string) => [key];
const withoutBert = (key: string) => [key.replaceAll("bert.", "")];
const LAYER = /(?<=\.encoder\.layer\.)\d+/;

const rules: Readonly<Record<CheckpointTask, Rule>> = {
  pretrain: { model: "pretrain", rename: keep, momentumPositions: true },
  retrieval: { model: "retrieval", rename: withoutBert, momentumPositions: true },
  grounding: { model: "retrieval", rename: withoutBert, momentumPositions: true },
  ve: { model: "ve", rename: withoutBert, momentumPositions: true },
  vqa: { model: "vqa", rename: forAnswering, momentumPositions: true },
  pretrain_nlvr: { model: "pretrain_nlvr", rename: forPairs, momentumPositions: false },
  nlvr: { model: "nlvr", rename: keep, momentumPositions: false },
};

/** The encoder gets the whole BERT; the answer decoder gets its fusion layers, embeddings and masked-language head. */
function forAnswering(key: string, fusionLayer: number): readonly string[] {
  if (!/^text_encoder(_m)?\./.test(key)) return [key];
  const encoder = key.includes("bert.") ? [key.replaceAll("bert.", "")] : [];
  const layer = Number(LAYER.exec(key)?.[0] ?? fusionLayer);
  if (layer < fusionLayer) return encoder;
  return [...encoder, key.replace("text_encoder", "text_decoder").replace(LAYER, String(layer - fusionLayer))];
}

/** Each fusion layer serves two layers, one for each image. */
function forPairs(key: string, fusionLayer: number): readonly string[] {
  const renamed = key.replaceAll("bert.", "");
  const layer = Number(LAYER.exec(renamed)?.[0] ?? -1);
  if (layer < fusionLayer) return [renamed];
  const first = fusionLayer + 2 * (layer - fusionLayer);
  return [renamed.replace(LAYER, String(first)), renamed.replace(LAYER, String(first + 1))];
}

/**
 * How a checkpoint with these keys is loaded for a task: the renaming of the official scripts when they train
 * (Retrieval.py, VE.py, VQA.py, Grounding.py, Pretrain_nlvr.py, NLVR.py). Where two keys claim one place the later wins.
 */
export function checkpointMap(
  task: CheckpointTask,
  checkpointKeys: Iterable<string>,
  config: AlbefConfig,
): CheckpointMap {
  const { model, rename, momentumPositions } = rules[task];
  const wanted = officialKeys(model, config);
  const offered = new Map<string, string>();
  for (const key of checkpointKeys) {
    for (const name of rename(key, config.text.fusionLayer)) offered.set(name, key);
  }
  const positions = ["visual_encoder.pos_embed", ...(momentumPositions ? ["visual_encoder_m.pos_embed"] : [])];
  return {
    model,
    sources: new Map([...offered].filter(([name]) => wanted.has(name))),
    interpolated: positions.filter((name) => wanted.has(name) && offered.has(name)),
    unexpected: [...offered.keys()].filter((name) => !wanted.has(name)),
    missing: [...wanted.keys()].filter((name) => !offered.has(name)),
  };
}
