import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { safetensorsBlob, writableTensor } from "@albef/core";
import { PRETRAIN_OBJECTIVE, pairTask, trainingGraph } from "@albef/distillation";
import { formatConfig, parseConfig, randomAt } from "@albef/encoder";

const SIZES = {
  ...{ image_res: 32, patch_size: 8, vision_width: 32, vision_depth: 2, vision_heads: 2, mlp_ratio: 2, embed_dim: 16 },
  ...{ hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 64, fusion_layer: 1 },
  ...{ max_position_embeddings: 32, encoder_width: 32, queue_size: 64 },
} as const;

export interface SmallModelOptions {
  /** A model folder, whose vocabulary is taken. */
  readonly like: string;
  readonly dropout?: number;
  /** Other sizes, under their official names. */
  readonly sizes?: Partial<Record<keyof typeof SIZES, number>>;
}

/** Writes a model folder of a few layers with random weights and the vocabulary of `like`, for tests of what trains it. */
export async function writeSmallModel(
  folder: string,
  { like, dropout = 0, sizes = {} }: SmallModelOptions,
): Promise<void> {
  const { default: own } = await import(join(like, "config.json"), { with: { type: "json" } });
  const rates = { hidden_dropout_prob: dropout, attention_probs_dropout_prob: dropout };
  const config = parseConfig({ ...own, ...own.bert_config, bert_config: undefined, ...SIZES, ...sizes, ...rates });
  const { trainable } = trainingGraph({
    ...{ config, textPrefix: "text_encoder.bert", trains: () => true },
    task: pairTask({ shape: { batch: 2, length: 8 }, objective: { ...PRETRAIN_OBJECTIVE, queueSize: 2 } }),
  });
  const draw = randomAt({ seed: 1, stream: [] });
  const tensors = [...trainable].map(([name, shape]) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const data = Float32Array.from({ length: size }, () =>
      name === "temp" ? 0.07 : startOf(name) + 0.1 * (draw() - 0.5),
    );
    return writableTensor({ name, dtype: "f32", shape, data });
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "config.json"), JSON.stringify(formatConfig(config)));
  writeFileSync(join(folder, "model.safetensors"), Buffer.from(await (await safetensorsBlob(tensors)).arrayBuffer()));
  for (const name of ["tokenizer.json", "tokenizer_config.json"]) copyFileSync(join(like, name), join(folder, name));
}

/** LayerNorms begin as they are, all else around zero. */
function startOf(name: string): number {
  return /(norm\d?|LayerNorm)\.weight$/.test(name) ? 1 : 0;
}
