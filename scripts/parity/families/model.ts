import type { Tensor, Tracer } from "@albef/core";
import {
  type AlbefConfig,
  type AttendOf,
  type FusionResult,
  fusionEncoder,
  fusionParameters,
  type ParameterSource,
  parameterSource,
  type TextInputs,
  type TextResult,
  textEncoder,
  textParameters,
  type VisionResult,
  visionEncoder,
  visionParameters,
} from "@albef/encoder";
import { asFloat, asInt, type StoredTensor } from "../read-tensors.ts";

/** The parts of a model in one graph, with the text encoder under `textPrefix`. */
export interface ModelGraph {
  readonly source: ParameterSource;
  vision(image: Tensor, options?: { readonly attendOf?: AttendOf }): VisionResult;
  text(inputs: TextInputs): TextResult;
  fusion(
    textEmbeds: Tensor,
    attentionMask: Tensor,
    imageEmbeds: Tensor,
    options?: { readonly attendOf?: AttendOf },
  ): FusionResult;
}

export function modelGraph(tracer: Tracer, config: AlbefConfig, textPrefix: string): ModelGraph {
  const source = parameterSource(tracer);
  const bert = source.scope(textPrefix);
  return {
    source,
    vision: (image, options) =>
      visionEncoder(image, visionParameters(source.scope("visual_encoder"), config.vision), config.vision, options),
    text: (inputs) => textEncoder(inputs, textParameters(bert, config.text), config.text),
    fusion: (textEmbeds, attentionMask, imageEmbeds, options) =>
      fusionEncoder(
        { textEmbeds, attentionMask, imageEmbeds },
        fusionParameters(bert, config.text),
        config.text,
        options,
      ),
  };
}

/** Inputs `inputIds` and `attentionMask` of a traced graph. */
export function tokenInputs(tracer: Tracer, [batch, length]: readonly number[]): TextInputs {
  const shape = [batch!, length!];
  return {
    inputIds: tracer.input("inputIds", { dtype: "i32", shape }),
    attentionMask: tracer.input("attentionMask", { dtype: "f32", shape }),
  };
}

/** Values for `tokenInputs`. */
export function tokenData(inputIds: StoredTensor, attentionMask: StoredTensor) {
  return { inputIds: asInt(inputIds), attentionMask: asFloat(attentionMask) };
}

export function imageInput(tracer: Tracer, shape: readonly number[]): Tensor {
  return tracer.input("image", { dtype: "f32", shape });
}
