import type { Shape } from "@albef/core";
import { imageTokenCount, type TextConfig, type VisionConfig } from "./config.ts";

/** One entry of an official state dict. */
export interface KeySpec {
  readonly shape: Shape;
  readonly dtype: "f32" | "i64";
  /** `momentum` are the copies that follow the trainable parameters; buffers are queues, pointers and position ids. */
  readonly role: "trainable" | "momentum" | "buffer";
  /** The key of the parameter that this entry repeats. */
  readonly tiedTo?: string;
}

/** State-dict keys in the order of the official modules. */
export type KeyTable = ReadonlyMap<string, KeySpec>;

type Entry = readonly [string, KeySpec];

const parameter = (key: string, ...shape: number[]): Entry => [key, { shape, dtype: "f32", role: "trainable" }];
const affine = (key: string, out: number, ...rest: number[]): Entry[] => [
  parameter(`${key}.weight`, out, ...rest),
  parameter(`${key}.bias`, out),
];

/** Keys of torch.nn.Linear(width, out). */
export function linearKeys(key: string, out: number, width: number): Entry[] {
  return affine(key, out, width);
}

/** Keys of the image encoder (models/vit.py VisionTransformer). */
export function visionKeys(prefix: string, config: VisionConfig): Entry[] {
  const { hiddenSize: width, patchSize, intermediateSize, numLayers } = config;
  const block = (i: number) => [
    ...affine(`${prefix}.blocks.${i}.norm1`, width),
    ...affine(`${prefix}.blocks.${i}.attn.qkv`, 3 * width, width),
    ...affine(`${prefix}.blocks.${i}.attn.proj`, width, width),
    ...affine(`${prefix}.blocks.${i}.norm2`, width),
    ...affine(`${prefix}.blocks.${i}.mlp.fc1`, intermediateSize, width),
    ...affine(`${prefix}.blocks.${i}.mlp.fc2`, width, intermediateSize),
  ];
  return [
    parameter(`${prefix}.cls_token`, 1, 1, width),
    parameter(`${prefix}.pos_embed`, 1, imageTokenCount(config), width),
    ...affine(`${prefix}.patch_embed.proj`, width, 3, patchSize, patchSize),
    ...Array.from({ length: numLayers }, (_, i) => block(i)).flat(),
    ...affine(`${prefix}.norm`, width),
  ];
}

/** Keys of a BERT with cross-attention from the fusion layer on (models/xbert.py BertModel without pooler). */
export function bertKeys(prefix: string, config: TextConfig): Entry[] {
  const { hiddenSize: width, vocabSize, maxPositions, typeVocabSize, numLayers } = config;
  return [
    [`${prefix}.embeddings.position_ids`, { shape: [1, maxPositions], dtype: "i64", role: "buffer" }],
    parameter(`${prefix}.embeddings.word_embeddings.weight`, vocabSize, width),
    parameter(`${prefix}.embeddings.position_embeddings.weight`, maxPositions, width),
    parameter(`${prefix}.embeddings.token_type_embeddings.weight`, typeVocabSize, width),
    ...affine(`${prefix}.embeddings.LayerNorm`, width),
    ...Array.from({ length: numLayers }, (_, i) => bertLayerKeys(`${prefix}.encoder.layer.${i}`, config, i)).flat(),
  ];
}

function bertLayerKeys(prefix: string, config: TextConfig, index: number): Entry[] {
  const { hiddenSize: width, intermediateSize, encoderWidth, fusionLayer } = config;
  const attention = (key: string, sourceWidth: number) => [
    ...affine(`${prefix}.${key}.self.query`, width, width),
    ...affine(`${prefix}.${key}.self.key`, width, sourceWidth),
    ...affine(`${prefix}.${key}.self.value`, width, sourceWidth),
    ...affine(`${prefix}.${key}.output.dense`, width, width),
    ...affine(`${prefix}.${key}.output.LayerNorm`, width),
  ];
  return [
    ...attention("attention", width),
    ...(index >= fusionLayer ? attention("crossattention", encoderWidth) : []),
    ...affine(`${prefix}.intermediate.dense`, intermediateSize, width),
    ...affine(`${prefix}.output.dense`, width, intermediateSize),
    ...affine(`${prefix}.output.LayerNorm`, width),
  ];
}

/** Keys of the masked-language head `prefix.cls`, tied to the embeddings of `prefix.bert`. */
export function mlmHeadKeys(prefix: string, { hiddenSize: width, vocabSize }: TextConfig): Entry[] {
  const head = `${prefix}.cls.predictions`;
  const tied = (key: string, shape: Shape, tiedTo: string): Entry => [
    key,
    { shape, dtype: "f32", role: "trainable", tiedTo },
  ];
  return [
    parameter(`${head}.bias`, vocabSize),
    ...affine(`${head}.transform.dense`, width, width),
    ...affine(`${head}.transform.LayerNorm`, width),
    tied(`${head}.decoder.weight`, [vocabSize, width], `${prefix}.bert.embeddings.word_embeddings.weight`),
    tied(`${head}.decoder.bias`, [vocabSize], `${head}.bias`),
  ];
}

/** The keys of a module's momentum copy, whose first component gets the suffix `_m`. */
export function momentumKeys(entries: readonly Entry[]): Entry[] {
  return entries.map(([key, { tiedTo, ...spec }]) => [
    momentumKey(key),
    {
      ...spec,
      role: spec.role === "buffer" ? "buffer" : "momentum",
      ...(tiedTo !== undefined && { tiedTo: momentumKey(tiedTo) }),
    },
  ]);
}

/** `text_encoder.bert.x` -> `text_encoder_m.bert.x`. */
export function momentumKey(key: string): string {
  return key.replace(/^[^.]+/, "$&_m");
}

/** Keys of the feature queues and their pointer. */
export function queueKeys(embedDim: number, queueSize: number, { imageIds }: { readonly imageIds: boolean }): Entry[] {
  const buffer = (key: string, dtype: KeySpec["dtype"], ...shape: number[]): Entry => [
    key,
    { shape, dtype, role: "buffer" },
  ];
  return [
    buffer("image_queue", "f32", embedDim, queueSize),
    buffer("text_queue", "f32", embedDim, queueSize),
    ...(imageIds ? [buffer("idx_queue", "i64", 1, queueSize)] : []),
    buffer("queue_ptr", "i64", 1),
  ];
}

/** The learned temperature, a scalar. */
export function temperatureKey(): Entry {
  return parameter("temp");
}
