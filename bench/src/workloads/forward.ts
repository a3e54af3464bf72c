import { type Graph, type Tensor, type Tracer, trace } from "@albef/core";
import {
  fusionEncoder,
  fusionParameters,
  imageTokenCount,
  parameterSource,
  textEncoder,
  textParameters,
  visionEncoder,
  visionParameters,
} from "@albef/encoder";
import {
  clsToken,
  itcFeatures,
  itmLogits,
  itmParameters,
  textProjectionParameters,
  visionProjectionParameters,
} from "@albef/heads";
import type { Shape } from "./workload.ts";

const BERT = "text_encoder.bert";

function imageInput(tracer: Tracer, { config, batch }: Shape): Tensor {
  const { imageSize } = config.vision;
  return tracer.input("image", { dtype: "f32", shape: [batch, 3, imageSize, imageSize] });
}

function textInputs(tracer: Tracer, { batch, length }: Shape) {
  return {
    inputIds: tracer.input("inputIds", { dtype: "i32", shape: [batch, length] }),
    attentionMask: tracer.input("attentionMask", { dtype: "f32", shape: [batch, length] }),
  };
}

/** The image encoder and its ITC feature. */
export function vitGraph(shape: Shape): Graph {
  const { config, stored } = shape;
  return trace((tracer) => {
    const source = parameterSource(tracer, stored);
    const parameters = visionParameters(source.scope("visual_encoder"), config.vision);
    const { imageEmbeds } = visionEncoder(imageInput(tracer, shape), parameters, config.vision);
    return { features: itcFeatures(imageEmbeds, visionProjectionParameters(source, config)) };
  });
}

/** The text encoder and its ITC feature. */
export function bertGraph(shape: Shape): Graph {
  const { config, stored } = shape;
  return trace((tracer) => {
    const source = parameterSource(tracer, stored);
    const { textEmbeds } = textEncoder(
      textInputs(tracer, shape),
      textParameters(source.scope(BERT), config.text),
      config.text,
    );
    return { features: itcFeatures(textEmbeds, textProjectionParameters(source, config)) };
  });
}

/** One layer of the multimodal encoder: text states attend to themselves and to the image tokens. */
export function crossAttentionGraph({ config, batch, length, stored }: Shape): Graph {
  const last = { ...config.text, fusionLayer: config.text.numLayers - 1 };
  return trace((tracer) => {
    const input = (name: string, shape: number[]) => tracer.input(name, { dtype: "f32", shape });
    const textEmbeds = input("text", [batch, length, config.text.hiddenSize]);
    const attentionMask = input("attentionMask", [batch, length]);
    const imageEmbeds = input("image", [batch, imageTokenCount(config.vision), config.vision.hiddenSize]);
    const layers = fusionParameters(parameterSource(tracer, stored).scope(BERT), last);
    const { fusionEmbeds } = fusionEncoder({ textEmbeds, attentionMask, imageEmbeds }, layers, last);
    return { states: clsToken(fusionEmbeds) };
  });
}

/** All of ALBEF's forward: both encoders with their features, the multimodal encoder with the ITM logits. */
export function albefGraph(shape: Shape): Graph {
  const { config, stored } = shape;
  return trace((tracer) => {
    const source = parameterSource(tracer, stored);
    const { inputIds, attentionMask } = textInputs(tracer, shape);
    const vision = visionParameters(source.scope("visual_encoder"), config.vision);
    const { imageEmbeds } = visionEncoder(imageInput(tracer, shape), vision, config.vision);
    const bert = source.scope(BERT);
    const { textEmbeds } = textEncoder({ inputIds, attentionMask }, textParameters(bert, config.text), config.text);
    const layers = fusionParameters(bert, config.text);
    const { fusionEmbeds } = fusionEncoder({ textEmbeds, attentionMask, imageEmbeds }, layers, config.text);
    return {
      imageFeatures: itcFeatures(imageEmbeds, visionProjectionParameters(source, config)),
      textFeatures: itcFeatures(textEmbeds, textProjectionParameters(source, config)),
      matchLogits: itmLogits(fusionEmbeds, itmParameters(source, config.text)),
    };
  });
}
