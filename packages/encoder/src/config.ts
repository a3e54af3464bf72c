import type { SpecialTokens } from "./text/tokenizer.ts";

/** The image encoder: a Vision Transformer (Dosovitskiy et al. 2021; official models/vit.py). */
export interface VisionConfig {
  /** Side of the square input image, in pixels. */
  readonly imageSize: number;
  /** Side of a patch, in pixels. */
  readonly patchSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly numHeads: number;
  /** Width of the hidden layer of an MLP. */
  readonly intermediateSize: number;
  readonly layerNormEps: number;
}

/** The text and the multimodal encoder: one BERT with cross-attention from `fusionLayer` on (official models/xbert.py). */
export interface TextConfig {
  readonly hiddenSize: number;
  readonly numLayers: number;
  /** Layers before this one see text only; those from it on see the image too. */
  readonly fusionLayer: number;
  readonly numHeads: number;
  readonly intermediateSize: number;
  readonly vocabSize: number;
  readonly maxPositions: number;
  readonly typeVocabSize: number;
  readonly layerNormEps: number;
  /** Share of hidden values and of attention probabilities that training drops; inference drops nothing. */
  readonly hiddenDropout: number;
  readonly attentionDropout: number;
  /** Width of the states that cross-attention reads. */
  readonly encoderWidth: number;
}

export interface AlbefConfig {
  readonly vision: VisionConfig;
  readonly text: TextConfig;
  /** Width of the features that image and text share. */
  readonly embedDim: number;
  readonly queueSize: number;
  /** Start value of the learned temperature that divides similarities. */
  readonly temperature: number;
  /** Decay of the momentum encoders. */
  readonly momentum: number;
  /** Weight of the momentum encoders' soft targets. */
  readonly alpha: number;
  /** Share of the tokens that masked language modelling hides. */
  readonly mlmProbability: number;
  /** Ids of the special tokens of the vocabulary. */
  readonly tokens: SpecialTokens;
}

/** ALBEF-base as pre-trained: ViT-B/16 at 256 px, BERT-base, fusion from layer 6 (configs/Pretrain.yaml, config_bert.json). */
export const ALBEF_BASE: AlbefConfig = {
  vision: {
    imageSize: 256,
    patchSize: 16,
    hiddenSize: 768,
    numLayers: 12,
    numHeads: 12,
    intermediateSize: 3072,
    layerNormEps: 1e-6,
  },
  text: {
    hiddenSize: 768,
    numLayers: 12,
    fusionLayer: 6,
    numHeads: 12,
    intermediateSize: 3072,
    vocabSize: 30522,
    maxPositions: 512,
    typeVocabSize: 2,
    layerNormEps: 1e-12,
    hiddenDropout: 0.1,
    attentionDropout: 0.1,
    encoderWidth: 768,
  },
  embedDim: 256,
  queueSize: 65536,
  temperature: 0.07,
  momentum: 0.995,
  alpha: 0.4,
  mlmProbability: 0.15,
  tokens: { pad: 0, unk: 100, cls: 101, sep: 102, mask: 103 },
};

/** Patches of an image and the class token. */
export function imageTokenCount({ imageSize, patchSize }: VisionConfig): number {
  return (imageSize / patchSize) ** 2 + 1;
}

/** The same model for images of another size; its position embeddings must be interpolated. */
export function withImageSize(config: AlbefConfig, imageSize: number): AlbefConfig {
  return { ...config, vision: { ...config.vision, imageSize } };
}
