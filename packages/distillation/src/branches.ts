import type { Tensor } from "@albef/core";
import {
  type AlbefConfig,
  fusionEncoder,
  fusionParameters,
  type ParameterSource,
  type TextInputs,
  textEncoder,
  textParameters,
  visionEncoder,
  visionParameters,
} from "@albef/encoder";
import {
  itcFeatures,
  itmLogits,
  itmParameters,
  mlmLogits,
  mlmParameters,
  textProjectionParameters,
  visionProjectionParameters,
} from "@albef/heads";

/** Where a checkpoint keeps its BERT: in pre-trained models inside the masked-language wrapper. */
export type TextPrefix = "text_encoder.bert" | "text_encoder";

export interface BranchModel {
  readonly config: AlbefConfig;
  readonly textPrefix: TextPrefix;
}

/** One of the two networks, online or teacher: the encoders and heads over one source of parameters. */
export interface Branch {
  /** The parameters, for heads that only one task has. */
  readonly source: ParameterSource;
  /** [batch, 3, size, size] -> [batch, tokens, width] */
  image(image: Tensor): Tensor;
  /** -> [batch, L, width], layers before the fusion layer. */
  text(inputs: TextInputs): Tensor;
  /** [batch, L, width] and [batch, tokens, width] -> [batch, L, width] */
  fuse(textEmbeds: Tensor, attentionMask: Tensor, imageEmbeds: Tensor): Tensor;
  /** All layers over a text and its image, [batch, L, width]: mode `multi_modal` of the official code. */
  multimodal(inputs: TextInputs, imageEmbeds: Tensor): Tensor;
  imageFeatures(imageEmbeds: Tensor): Tensor;
  textFeatures(textEmbeds: Tensor): Tensor;
  matchLogits(fused: Tensor): Tensor;
  /** Logits over the vocabulary for texts with hidden words, seen with the image. */
  wordLogits(inputs: TextInputs, imageEmbeds: Tensor): Tensor;
}

export function branch(source: ParameterSource, { config, textPrefix }: BranchModel): Branch {
  const bert = source.scope(textPrefix);
  const text = (inputs: TextInputs) => textEncoder(inputs, textParameters(bert, config.text), config.text).textEmbeds;
  const fuse = (textEmbeds: Tensor, attentionMask: Tensor, imageEmbeds: Tensor) =>
    fusionEncoder({ textEmbeds, attentionMask, imageEmbeds }, fusionParameters(bert, config.text), config.text)
      .fusionEmbeds;
  const multimodal = (inputs: TextInputs, imageEmbeds: Tensor) => fuse(text(inputs), inputs.attentionMask, imageEmbeds);
  return {
    source,
    text,
    fuse,
    multimodal,
    image: (image) =>
      visionEncoder(image, visionParameters(source.scope("visual_encoder"), config.vision), config.vision).imageEmbeds,
    imageFeatures: (embeds) => itcFeatures(embeds, visionProjectionParameters(source, config)),
    textFeatures: (embeds) => itcFeatures(embeds, textProjectionParameters(source, config)),
    matchLogits: (fused) => itmLogits(fused, itmParameters(source, config.text)),
    wordLogits: (inputs, imageEmbeds) =>
      mlmLogits(multimodal(inputs, imageEmbeds), mlmParameters(source.scope("text_encoder"), config.text), config.text),
  };
}
