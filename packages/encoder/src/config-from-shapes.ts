import { ALBEF_BASE, type AlbefConfig } from "./config.ts";
import { ConfigError } from "./config-file.ts";

export type Shapes = ReadonlyMap<string, readonly number[]>;

export interface HeadCounts {
  /** Heads of the image encoder. Default: one for 64 channels, as in ALBEF-base. */
  readonly visionHeads?: number | undefined;
  /** Heads of the text encoder. */
  readonly textHeads?: number | undefined;
}

const HEAD_WIDTH = 64;

/**
 * The configuration of a checkpoint of the official code, each number read from the shape of one key. Head counts leave no
 * trace in the shapes. Throws ConfigError where the keys are none of ALBEF, or a width does not divide into heads.
 */
export function configFromShapes(shapes: Shapes, { visionHeads, textHeads }: HeadCounts = {}): AlbefConfig {
  const keys = [...shapes.keys()];
  const words = keys.find((key) => /^text_encoder(\.bert)?\.embeddings\.word_embeddings\.weight$/.test(key));
  if (!words || !shapes.has("visual_encoder.patch_embed.proj.weight")) {
    throw new ConfigError("these are no weights of ALBEF: they hold no text_encoder or no visual_encoder");
  }
  const bert = words.slice(0, -"embeddings.word_embeddings.weight".length);
  const extent = (key: string, axis: number) => shapes.get(key)?.[axis] ?? 0;
  const layers = (pattern: RegExp) => new Set(keys.flatMap((key) => pattern.exec(key)?.[1] ?? [])).size;
  const inBert = (rest: string) => new RegExp(`^${bert.replaceAll(".", "\\.")}encoder\\.layer\\.(\\d+)\\.${rest}`);
  const [textLayers, crossLayers] = [layers(inBert("")), layers(inBert("crossattention"))];
  const fusionLayer = textLayers - crossLayers;
  const paired = keys.some((key) => key.startsWith("ta_head")) || extent("cls_head.2.bias", 0) === 2;
  const patchSize = extent("visual_encoder.patch_embed.proj.weight", 3);
  const [visionWidth, textWidth] = [extent("visual_encoder.norm.bias", 0), extent(words, 1)];
  return {
    ...ALBEF_BASE,
    embedDim: extent("vision_proj.bias", 0) || ALBEF_BASE.embedDim,
    queueSize: extent("image_queue", 1) || ALBEF_BASE.queueSize,
    vision: {
      ...ALBEF_BASE.vision,
      patchSize,
      imageSize: patchSize * Math.sqrt(extent("visual_encoder.pos_embed", 1) - 1),
      hiddenSize: visionWidth,
      numHeads: visionHeads ?? headsOf("image", visionWidth),
      numLayers: layers(/^visual_encoder\.blocks\.(\d+)\./),
      intermediateSize: extent("visual_encoder.blocks.0.mlp.fc1.bias", 0),
    },
    text: {
      ...ALBEF_BASE.text,
      fusionLayer,
      numLayers: paired ? fusionLayer + crossLayers / 2 : textLayers,
      numHeads: textHeads ?? headsOf("text", textWidth),
      vocabSize: extent(words, 0),
      hiddenSize: textWidth,
      maxPositions: extent(`${bert}embeddings.position_embeddings.weight`, 0),
      typeVocabSize: extent(`${bert}embeddings.token_type_embeddings.weight`, 0),
      intermediateSize: extent(`${bert}encoder.layer.0.intermediate.dense.bias`, 0),
      encoderWidth: extent(`${bert}encoder.layer.${fusionLayer}.crossattention.self.key.weight`, 1),
    },
  };
}

function headsOf(which: string, width: number): number {
  if (width % HEAD_WIDTH === 0) return width / HEAD_WIDTH;
  throw new ConfigError(
    `${which} encoder: its width ${width} does not tell its heads (official models have one for ${HEAD_WIDTH} channels); give a config.json`,
  );
}
