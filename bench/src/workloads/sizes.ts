import { ALBEF_BASE, type AlbefConfig } from "@albef/encoder";

export type SizeName = "tiny" | "small" | "base";

interface Width {
  readonly hiddenSize: number;
  readonly numHeads: number;
  readonly visionLayers: number;
  readonly textLayers: number;
  readonly patchSize: number;
  readonly vocabSize: number;
  readonly embedDim: number;
}

const WIDTHS: Readonly<Record<SizeName, Width>> = {
  tiny: { hiddenSize: 48, numHeads: 3, visionLayers: 2, textLayers: 2, patchSize: 16, vocabSize: 96, embedDim: 24 },
  small: { hiddenSize: 192, numHeads: 3, visionLayers: 4, textLayers: 4, patchSize: 16, vocabSize: 2048, embedDim: 64 },
  base: {
    hiddenSize: 768,
    numHeads: 12,
    visionLayers: 12,
    textLayers: 12,
    patchSize: 16,
    vocabSize: 30522,
    embedDim: 256,
  },
};

export const SIZE_NAMES = Object.keys(WIDTHS) as readonly SizeName[];

/** ALBEF in three widths; `base` is the official one. Half of the text layers are fusion layers, as in the official model. */
export function configOf(size: SizeName, imageSize: number): AlbefConfig {
  const { hiddenSize, numHeads, visionLayers, textLayers, patchSize, vocabSize, embedDim } = WIDTHS[size];
  const width = { hiddenSize, numHeads, intermediateSize: 4 * hiddenSize };
  return {
    ...ALBEF_BASE,
    vision: { ...ALBEF_BASE.vision, ...width, imageSize, patchSize, numLayers: visionLayers },
    text: {
      ...ALBEF_BASE.text,
      ...width,
      ...{ hiddenDropout: 0, attentionDropout: 0 }, // other engines draw other numbers
      ...{ numLayers: textLayers, fusionLayer: textLayers / 2, vocabSize, encoderWidth: hiddenSize },
    },
    embedDim,
  };
}
