import type { AlbefConfig, TextConfig } from "./config.ts";
import {
  bertKeys,
  type KeySpec,
  type KeyTable,
  linearKeys,
  mlmHeadKeys,
  momentumKeys,
  queueKeys,
  temperatureKey,
  visionKeys,
} from "./keys.ts";

type Entry = readonly [string, KeySpec];

/** The models of the official repository, each `models/model_<name>.py`. */
export type OfficialModelName = "pretrain" | "retrieval" | "ve" | "vqa" | "nlvr" | "pretrain_nlvr";

export interface OfficialModel {
  /** Where the BERT is found: inside the masked-language wrapper it has one more component. */
  readonly textPrefix: "text_encoder.bert" | "text_encoder";
  keys(config: AlbefConfig): Entry[];
}

/** Numbers of classes: contradiction, neutral, entailment; true or false; first image, second image or neither. */
const ENTAILMENT_CLASSES = 3;
const NLVR_CLASSES = 2;
const ASSIGNMENT_CLASSES = 3;

/** The configuration of the answer decoder: as many layers as the fusion encoder, all with cross-attention. */
export function decoderConfig(text: TextConfig): TextConfig {
  return { ...text, numLayers: text.numLayers - text.fusionLayer, fusionLayer: 0 };
}

/** The configuration of the two-image encoder: every fusion layer twice, once for each image. */
export function pairConfig(text: TextConfig): TextConfig {
  return { ...text, numLayers: 2 * text.numLayers - text.fusionLayer };
}

export const officialModels: Readonly<Record<OfficialModelName, OfficialModel>> = {
  pretrain: { textPrefix: "text_encoder.bert", keys: pretrainKeys },
  retrieval: { textPrefix: "text_encoder", keys: retrievalKeys },
  ve: { textPrefix: "text_encoder", keys: entailmentKeys },
  vqa: { textPrefix: "text_encoder", keys: vqaKeys },
  nlvr: { textPrefix: "text_encoder", keys: nlvrKeys },
  pretrain_nlvr: { textPrefix: "text_encoder", keys: assignmentKeys },
};

/** Keys, shapes and roles of an official model's state dict, in its order. */
export function officialKeys(model: OfficialModelName, config: AlbefConfig): KeyTable {
  return new Map(officialModels[model].keys(config));
}

function projections({ vision, text, embedDim }: AlbefConfig) {
  return {
    vision: linearKeys("vision_proj", embedDim, vision.hiddenSize),
    text: linearKeys("text_proj", embedDim, text.hiddenSize),
  };
}

function pretrainKeys(config: AlbefConfig): Entry[] {
  const { vision, text, embedDim, queueSize } = config;
  const image = visionKeys("visual_encoder", vision);
  const bert = [...bertKeys("text_encoder.bert", text), ...mlmHeadKeys("text_encoder", text)];
  const projection = projections(config);
  return [
    temperatureKey(),
    ...queueKeys(embedDim, queueSize, { imageIds: false }),
    ...[...image, ...bert, ...projection.vision, ...projection.text],
    ...linearKeys("itm_head", 2, text.hiddenSize),
    ...momentumKeys([...image, ...projection.vision, ...bert, ...projection.text]),
  ];
}

function retrievalKeys(config: AlbefConfig): Entry[] {
  const { vision, text, embedDim, queueSize } = config;
  const image = visionKeys("visual_encoder", vision);
  const bert = bertKeys("text_encoder", text);
  const projection = projections(config);
  return [
    temperatureKey(),
    ...queueKeys(embedDim, queueSize, { imageIds: true }),
    ...[...image, ...bert, ...projection.vision, ...projection.text],
    ...linearKeys("itm_head", 2, text.hiddenSize),
    ...momentumKeys([...image, ...projection.vision, ...bert, ...projection.text]),
  ];
}

/** Linear, ReLU, Linear: the classifier of VE and NLVR2. */
function classifierKeys({ hiddenSize }: TextConfig, classes: number): Entry[] {
  return [...linearKeys("cls_head.0", hiddenSize, hiddenSize), ...linearKeys("cls_head.2", classes, hiddenSize)];
}

function entailmentKeys({ vision, text }: AlbefConfig): Entry[] {
  const online = [
    ...visionKeys("visual_encoder", vision),
    ...bertKeys("text_encoder", text),
    ...classifierKeys(text, ENTAILMENT_CLASSES),
  ];
  return [...online, ...momentumKeys(online)];
}

function vqaKeys({ vision, text }: AlbefConfig): Entry[] {
  const decoder = decoderConfig(text);
  const online = [
    ...visionKeys("visual_encoder", vision),
    ...bertKeys("text_encoder", text),
    ...bertKeys("text_decoder.bert", decoder),
    ...mlmHeadKeys("text_decoder", decoder),
  ];
  return [...online, ...momentumKeys(online)];
}

/** In each pair of fusion layers the second reads the keys and values of the first. */
function pairBertKeys(text: TextConfig): Entry[] {
  return bertKeys("text_encoder", pairConfig(text)).map(([key, spec]) => {
    const found = /\.layer\.(\d+)\.crossattention\.self\.(key|value)\./.exec(key);
    const layer = Number(found?.[1] ?? text.fusionLayer);
    if ((layer - text.fusionLayer) % 2 === 0) return [key, spec];
    return [key, { ...spec, tiedTo: key.replace(`.layer.${layer}.`, `.layer.${layer - 1}.`) }];
  });
}

function nlvrKeys({ vision, text }: AlbefConfig): Entry[] {
  const online = [
    ...visionKeys("visual_encoder", vision),
    ...pairBertKeys(text),
    ...classifierKeys(text, NLVR_CLASSES),
  ];
  return [...online, ...momentumKeys(online)];
}

function assignmentKeys(config: AlbefConfig): Entry[] {
  const projection = projections(config);
  return [
    temperatureKey(),
    ...visionKeys("visual_encoder", config.vision),
    ...pairBertKeys(config.text),
    ...[...projection.vision, ...projection.text],
    ...linearKeys("ta_head", ASSIGNMENT_CLASSES, config.text.hiddenSize),
  ];
}
