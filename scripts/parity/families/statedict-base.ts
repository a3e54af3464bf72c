import { ALBEF_BASE, type AlbefConfig, type OfficialModelName, officialKeys } from "@albef/encoder";
import { type Check, checkEqual } from "../check.ts";
import type { PlainFamily } from "../family.ts";

type Shapes = Readonly<Record<string, readonly number[]>>;

export interface RecordedModel {
  readonly keys: Shapes;
  readonly tied: Readonly<Record<string, string>>;
  readonly trainable_parameters: number;
}

/** Keys, shapes, order, tied entries and parameter counts of every official model. */
export const statedictBase: PlainFamily = {
  needs: "nothing",
  async run(recorded) {
    const models = recorded.field<Readonly<Record<string, RecordedModel>>>("models");
    return Object.entries(models).flatMap(([name, model]) => checkModel(name as OfficialModelName, model));
  },
};

function checkModel(name: OfficialModelName, { keys, tied, trainable_parameters }: RecordedModel): Check[] {
  const table = officialKeys(name, configOf(keys));
  const shapes = Object.fromEntries([...table].map(([key, { shape }]) => [key, shape]));
  const aliases = [...table].flatMap(([key, { tiedTo }]) => (tiedTo === undefined ? [] : [[key, tiedTo]]));
  const counted = [...table.values()].filter(({ role, tiedTo }) => role === "trainable" && tiedTo === undefined);
  const count = counted.reduce((sum, { shape }) => sum + shape.reduce((size, extent) => size * extent, 1), 0);
  return [
    checkEqual(`${name}: shapes by key`, shapes, keys),
    checkEqual(`${name}: order of keys`, [...table.keys()], Object.keys(keys)),
    checkEqual(`${name}: tied keys`, Object.fromEntries(aliases), tied),
    checkEqual(`${name}: trainable parameters`, count, trainable_parameters),
  ];
}

/** The configuration whose model has these shapes: each number is read from one key. */
export function configOf(keys: Shapes): AlbefConfig {
  const text = Object.keys(keys).find((key) =>
    /^text_encoder(\.bert)?\.embeddings\.word_embeddings\.weight$/.test(key),
  )!;
  const bert = text.slice(0, -"embeddings.word_embeddings.weight".length);
  const extent = (key: string, axis: number) => keys[key]?.[axis] ?? 0;
  const layers = (pattern: RegExp) => new Set(Object.keys(keys).flatMap((key) => pattern.exec(key)?.[1] ?? [])).size;
  const escaped = bert.replaceAll(".", "\\.");
  const textLayers = layers(new RegExp(`^${escaped}encoder\\.layer\\.(\\d+)\\.`));
  const crossLayers = layers(new RegExp(`^${escaped}encoder\\.layer\\.(\\d+)\\.crossattention`));
  const fusionLayer = textLayers - crossLayers;
  const paired = Object.keys(keys).some((key) => key.startsWith("ta_head")) || extent("cls_head.2.bias", 0) === 2;
  const patchSize = extent("visual_encoder.patch_embed.proj.weight", 3);
  return {
    ...ALBEF_BASE,
    embedDim: extent("vision_proj.bias", 0),
    queueSize: extent("image_queue", 1),
    vision: {
      ...ALBEF_BASE.vision,
      patchSize,
      imageSize: patchSize * Math.sqrt(extent("visual_encoder.pos_embed", 1) - 1),
      hiddenSize: extent("visual_encoder.norm.bias", 0),
      numLayers: layers(/^visual_encoder\.blocks\.(\d+)\./),
      intermediateSize: extent("visual_encoder.blocks.0.mlp.fc1.bias", 0),
    },
    text: {
      ...ALBEF_BASE.text,
      fusionLayer,
      numLayers: paired ? fusionLayer + crossLayers / 2 : textLayers,
      vocabSize: extent(text, 0),
      hiddenSize: extent(text, 1),
      maxPositions: extent(`${bert}embeddings.position_embeddings.weight`, 0),
      typeVocabSize: extent(`${bert}embeddings.token_type_embeddings.weight`, 0),
      intermediateSize: extent(`${bert}encoder.layer.0.intermediate.dense.bias`, 0),
      encoderWidth: extent(`${bert}encoder.layer.${fusionLayer}.crossattention.self.key.weight`, 1),
    },
  };
}
