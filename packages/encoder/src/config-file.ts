import { ALBEF_BASE, type AlbefConfig } from "./config.ts";

/** A model configuration that is incomplete or contradicts itself; the message lists every fault. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

type Json = Readonly<Record<string, unknown>>;

/** Far beyond any model, and small enough that nothing is counted to it in vain. */
const LARGEST = 2 ** 20;
const MOST_LAYERS = 1024;

/** Reads numbers by their official names and collects what is wrong with them. */
function fieldReader(json: Json) {
  const faults: string[] = [];
  const number = (name: string, fallback: number | undefined, wanted: (value: number) => boolean, what: string) => {
    const value = json[name] ?? fallback;
    if (typeof value === "number" && wanted(value)) return value;
    faults.push(`${name} must be ${what}, got ${value === undefined ? "nothing" : JSON.stringify(value)}`);
    return Number.NaN;
  };
  return {
    faults,
    count: (name: string, fallback?: number, most = LARGEST) =>
      number(name, fallback, (value) => isWhole(value, 1, most), `a positive integer of at most ${most}`),
    index: (name: string, fallback?: number) =>
      number(name, fallback, (value) => isWhole(value, 0, LARGEST), `an integer from 0 to ${LARGEST}`),
    positive: (name: string, fallback?: number) =>
      number(name, fallback, (value) => Number.isFinite(value) && value > 0, "a positive number"),
    /** 0 where it is left out. */
    rate: (name: string) => number(name, 0, (value) => value >= 0 && value < 1, "a number from 0 to below 1"),
    share: (name: string, fallback?: number) =>
      number(name, fallback, (value) => value >= 0 && value <= 1, "a number from 0 to 1"),
  };
}

const isWhole = (value: number, least: number, most: number) =>
  Number.isInteger(value) && value >= least && value <= most;

type Fields = ReturnType<typeof fieldReader>;

/**
 * A configuration from the names of the official files: those of `config_bert.json` and of a `configs/*.yaml`, side by
 * side in one object; an object under `bert_config` is taken as the former. What the official code fixes in its source
 * (patch size, depth, heads, ...) may be given as in the recorded cases: patch_size, vision_depth, vision_heads, mlp_ratio.
 * Other names are ignored. Throws ConfigError.
 */
export function parseConfig(value: unknown): AlbefConfig {
  if (!isObject(value)) throw new ConfigError(`configuration: expected an object, got ${JSON.stringify(value)}`);
  const fields = fieldReader(isObject(value.bert_config) ? { ...value, ...value.bert_config } : value);
  const config = readConfig(fields);
  const faults = fields.faults.length > 0 ? fields.faults : contradictions(config);
  if (faults.length > 0) throw new ConfigError(`configuration: ${faults.join("; ")}`);
  return config;
}

function readConfig(fields: Fields): AlbefConfig {
  const { text, tokens, ...base } = ALBEF_BASE;
  return {
    vision: readVision(fields),
    text: {
      hiddenSize: fields.count("hidden_size"),
      numLayers: fields.count("num_hidden_layers", undefined, MOST_LAYERS),
      fusionLayer: fields.index("fusion_layer"),
      numHeads: fields.count("num_attention_heads"),
      intermediateSize: fields.count("intermediate_size"),
      vocabSize: fields.count("vocab_size"),
      maxPositions: fields.count("max_position_embeddings"),
      typeVocabSize: fields.count("type_vocab_size", text.typeVocabSize),
      layerNormEps: fields.positive("layer_norm_eps", text.layerNormEps),
      hiddenDropout: fields.rate("hidden_dropout_prob"),
      attentionDropout: fields.rate("attention_probs_dropout_prob"),
      encoderWidth: fields.count("encoder_width"),
    },
    embedDim: fields.count("embed_dim", base.embedDim),
    queueSize: fields.count("queue_size", base.queueSize),
    temperature: fields.positive("temp", base.temperature),
    momentum: fields.share("momentum", base.momentum),
    alpha: fields.share("alpha", base.alpha),
    mlmProbability: fields.share("mlm_probability", base.mlmProbability),
    tokens: {
      pad: fields.index("pad_token_id", tokens.pad),
      unk: fields.index("unk_token_id", tokens.unk),
      cls: fields.index("cls_token_id", tokens.cls),
      sep: fields.index("sep_token_id", tokens.sep),
      mask: fields.index("mask_token_id", tokens.mask),
    },
  };
}

function readVision(fields: Fields): AlbefConfig["vision"] {
  const { patchSize, numLayers, numHeads, layerNormEps } = ALBEF_BASE.vision;
  const hiddenSize = fields.count("vision_width");
  return {
    imageSize: fields.count("image_res"),
    patchSize: fields.count("patch_size", patchSize),
    hiddenSize,
    numLayers: fields.count("vision_depth", numLayers, MOST_LAYERS),
    numHeads: fields.count("vision_heads", numHeads),
    // int() as in timm; the addend undoes the rounding of a ratio that was stored.
    intermediateSize: Math.trunc(hiddenSize * fields.positive("mlp_ratio", 4) + 1e-6),
    layerNormEps: fields.positive("vit_layer_norm_eps", layerNormEps),
  };
}

function contradictions({ vision, text }: AlbefConfig): string[] {
  const rules: [boolean, string][] = [
    [
      vision.imageSize % vision.patchSize === 0,
      `image_res ${vision.imageSize} must hold whole patches of ${vision.patchSize}`,
    ],
    [
      vision.hiddenSize % vision.numHeads === 0,
      `vision_width ${vision.hiddenSize} must divide into ${vision.numHeads} heads`,
    ],
    [text.hiddenSize % text.numHeads === 0, `hidden_size ${text.hiddenSize} must divide into ${text.numHeads} heads`],
    [text.fusionLayer <= text.numLayers, `fusion_layer ${text.fusionLayer} must not exceed ${text.numLayers} layers`],
    [
      text.encoderWidth === vision.hiddenSize,
      `encoder_width ${text.encoderWidth} must equal vision_width ${vision.hiddenSize}: cross-attention reads the image tokens`,
    ],
  ];
  return rules.flatMap(([holds, fault]) => (holds ? [] : [fault]));
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The configuration under its official names, as `parseConfig` reads it: what is stored beside converted weights. */
export function formatConfig({ vision, text, tokens, ...rest }: AlbefConfig): Readonly<Record<string, number>> {
  return {
    image_res: vision.imageSize,
    patch_size: vision.patchSize,
    vision_width: vision.hiddenSize,
    vision_depth: vision.numLayers,
    vision_heads: vision.numHeads,
    mlp_ratio: vision.intermediateSize / vision.hiddenSize,
    vit_layer_norm_eps: vision.layerNormEps,
    hidden_size: text.hiddenSize,
    num_hidden_layers: text.numLayers,
    fusion_layer: text.fusionLayer,
    num_attention_heads: text.numHeads,
    intermediate_size: text.intermediateSize,
    vocab_size: text.vocabSize,
    max_position_embeddings: text.maxPositions,
    type_vocab_size: text.typeVocabSize,
    layer_norm_eps: text.layerNormEps,
    hidden_dropout_prob: text.hiddenDropout,
    attention_probs_dropout_prob: text.attentionDropout,
    encoder_width: text.encoderWidth,
    embed_dim: rest.embedDim,
    queue_size: rest.queueSize,
    temp: rest.temperature,
    momentum: rest.momentum,
    alpha: rest.alpha,
    mlm_probability: rest.mlmProbability,
    pad_token_id: tokens.pad,
    unk_token_id: tokens.unk,
    cls_token_id: tokens.cls,
    sep_token_id: tokens.sep,
    mask_token_id: tokens.mask,
  };
}
