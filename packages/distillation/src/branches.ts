import { primitives, type Tensor } from "@albef/core";
import {
  type AlbefConfig,
  type BlockRun,
  fusionEncoder,
  fusionParameters,
  type PairInputs,
  type PairOptions,
  type ParameterSource,
  pairEncoder,
  pairParameters,
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

/** How the encoders of a branch are run; see `BlockRun`. */
export interface BranchRuns {
  readonly vision?: BlockRun | undefined;
  /** Of the text and the fusion layers, and of other stacks that a task builds from BERT's layers. */
  readonly text?: BlockRun | undefined;
}

/** One of the two networks, online or teacher: the encoders and heads over one source of parameters. */
export interface Branch {
  /** The parameters, for heads that only one task has. */
  readonly source: ParameterSource;
  readonly runs: BranchRuns;
  /** [batch, 3, size, size] -> [batch, tokens, width] */
  image(image: Tensor): Tensor;
  /** -> [batch, L, width], layers before the fusion layer. */
  text(inputs: TextInputs): Tensor;
  /** [batch, L, width] and [batch, tokens, width] -> f32 [batch, L, width] */
  fuse(textEmbeds: Tensor, attentionMask: Tensor, imageEmbeds: Tensor): Tensor;
  /** All layers over a text and its image, f32 [batch, L, width]: mode `multi_modal` of the official code. */
  multimodal(inputs: TextInputs, imageEmbeds: Tensor): Tensor;
  /** [batch, L, width] and two times [batch, tokens, width] -> f32 [batch, L, width], in the two-image encoder. */
  fusePair(inputs: PairInputs, options?: PairOptions): Tensor;
  imageFeatures(imageEmbeds: Tensor): Tensor;
  textFeatures(textEmbeds: Tensor): Tensor;
  matchLogits(fused: Tensor): Tensor;
  /** Logits over the vocabulary for texts with hidden words, seen with the image. */
  wordLogits(inputs: TextInputs, imageEmbeds: Tensor): Tensor;
}

/** The network of `source`. Encoders may keep their states in 16 bits; heads and losses compute in 32. */
export function branch(source: ParameterSource, { config, textPrefix }: BranchModel, runs: BranchRuns = {}): Branch {
  const bert = source.scope(textPrefix);
  const text = (inputs: TextInputs) =>
    textEncoder(inputs, textParameters(bert, config.text), config.text, runs.text).textEmbeds;
  const image = (pixels: Tensor) => {
    const parameters = visionParameters(source.scope("visual_encoder"), config.vision);
    return visionEncoder(pixels, parameters, config.vision, runs.vision).imageEmbeds;
  };
  const fuse = (textEmbeds: Tensor, attentionMask: Tensor, imageEmbeds: Tensor) => {
    const inputs = { textEmbeds, attentionMask, imageEmbeds };
    return full(fusionEncoder(inputs, fusionParameters(bert, config.text), config.text, runs.text).fusionEmbeds);
  };
  const multimodal = (inputs: TextInputs, imageEmbeds: Tensor) => fuse(text(inputs), inputs.attentionMask, imageEmbeds);
  return {
    source,
    runs,
    image,
    text,
    fuse,
    multimodal,
    fusePair: (inputs, options) =>
      full(pairEncoder(inputs, pairParameters(bert, config.text, options), config.text, runs.text)),
    imageFeatures: (embeds) => itcFeatures(firstToken(embeds), visionProjectionParameters(source, config)),
    textFeatures: (embeds) => itcFeatures(firstToken(embeds), textProjectionParameters(source, config)),
    matchLogits: (fused) => itmLogits(fused, itmParameters(source, config.text)),
    wordLogits: (inputs, imageEmbeds) =>
      mlmLogits(multimodal(inputs, imageEmbeds), mlmParameters(source.scope("text_encoder"), config.text), config.text),
  };
}

function full(x: Tensor): Tensor {
  return x.dtype === "f32" ? x : primitives.cast(x, "f32");
}

/** [batch, tokens, width] -> f32 [batch, 1, width]: all that the projections read. */
function firstToken(embeds: Tensor): Tensor {
  const [batch, , width] = embeds.shape as readonly [number, number, number];
  return embeds.dtype === "f32" ? embeds : full(primitives.slice(embeds, [0, 0, 0], [batch, 1, width]));
}
