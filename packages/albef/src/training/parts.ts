import type { AlbefConfig } from "@albef/encoder";
import type { TextPrefix } from "../model/weights.ts";
import { FinetuneError } from "./errors.ts";

export interface PartNames {
  readonly config: AlbefConfig;
  readonly textPrefix: TextPrefix;
  /** All parameters of the model. */
  readonly parameters: readonly string[];
}

/**
 * Whether a parameter belongs to one of the parts named: `vision`, `text`, `fusion`, `embeddings`; `vision:6` and
 * `text:3`, which are the input embeddings with the first layers; or the beginning of an official name, as
 * `visual_encoder.blocks.0`. Throws FinetuneError where a name means no parameter.
 */
export function partsNamed(names: readonly string[], model: PartNames, option: string): (name: string) => boolean {
  const prefixes = names.flatMap((name) => {
    const found = prefixesOf(name, model);
    if (model.parameters.some((parameter) => found.some((prefix) => parameter.startsWith(prefix)))) return found;
    throw new FinetuneError(
      `${option}: ${name} names no part of this model; give vision, text, fusion, embeddings, vision:N, text:N or the beginning of a parameter's name`,
    );
  });
  return (name) => prefixes.some((prefix) => name.startsWith(prefix));
}

function prefixesOf(name: string, { config, textPrefix }: PartNames): string[] {
  const { text } = config;
  const layers = (begin: number, end: number) =>
    Array.from({ length: Math.max(end - begin, 0) }, (_, i) => `${textPrefix}.encoder.layer.${begin + i}.`);
  const embeddings = `${textPrefix}.embeddings.`;
  const [part, first] = /^(vision|text):(\d+)$/.exec(name)?.slice(1) ?? [name];
  const count = first === undefined ? text.fusionLayer : Number(first);
  if (part === "embeddings") return [embeddings];
  if (part === "fusion") return layers(text.fusionLayer, text.numLayers);
  if (part === "text") return [embeddings, ...layers(0, Math.min(count, text.fusionLayer))];
  if (part !== "vision") return [name];
  if (first === undefined) return ["visual_encoder."];
  const blocks = Array.from({ length: count }, (_, i) => `visual_encoder.blocks.${i}.`);
  return ["patch_embed", "cls_token", "pos_embed"].map((own) => `visual_encoder.${own}`).concat(blocks);
}
