import { checkpointMap, type PairSharing, pairConfig } from "@albef/encoder";
import type { LoadedModel } from "../model/load.ts";
import { loadedSharing, sharedTensors } from "../model/shared-weights.ts";
import { shapesOf } from "../model/stored-values.ts";
import { isTaskParameter } from "../model/weights.ts";
import { FinetuneError } from "./errors.ts";
import type { Lesson } from "./lesson.ts";

const LAYER = /^text_encoder\.(?:bert\.)?encoder\.layer\.(\d+)\./;
const SHARINGS = ["none", "cross-attention", "block"];

/** Where the two-image encoder begins: each fusion layer serves two, as in the official loading, or it is there already. */
export interface PairStart extends Pick<Lesson, "sources" | "layers"> {
  readonly sources: ReadonlyMap<string, string>;
  readonly layers: number;
  readonly sharing: PairSharing;
}

/** Throws FinetuneError where `sharing` is none, or not that of a two-image encoder that the model has. */
export function pairStart({ config, origin }: LoadedModel, asked: PairSharing | undefined, task: string): PairStart {
  const names = [...shapesOf(origin).keys()];
  const layerOf = (name: string) => Number(LAYER.exec(name)?.[1] ?? -1);
  const isPaired = names.some((name) => layerOf(name) >= 0 && isTaskParameter(name, config));
  const own = isPaired ? loadedSharing(names, config) : undefined;
  const sharing = asked ?? own ?? "cross-attention";
  if (!SHARINGS.includes(sharing))
    throw new FinetuneError(`${task}: sharing must be ${SHARINGS.join(", ")}, got ${sharing}`);
  if (own !== undefined && own !== sharing) {
    throw new FinetuneError(
      `${task}: the pairs of layers of these weights share ${own}; sharing must say so, got ${sharing}`,
    );
  }
  const { sources } = checkpointMap("pretrain_nlvr", names, config);
  const doubled = isPaired || sharing === "block" ? [] : [...sources];
  const begun = doubled.flatMap(([name, source]) => {
    const full = name.replace(/^text_encoder\./, `${origin.textPrefix}.`);
    return layerOf(full) >= config.text.fusionLayer ? [[full, source] as const] : [];
  });
  const second = new Set(
    sharing === "none"
      ? []
      : sharedTensors(
          begun.map(([name]) => name),
          config,
        ).values(),
  );
  return {
    sharing,
    sources: new Map(begun.filter(([name]) => !second.has(name))),
    layers: sharing === "block" ? config.text.numLayers : pairConfig(config.text).numLayers,
  };
}
