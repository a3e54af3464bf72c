import { type Graph, trace } from "@albef/core";
import { fusionParameters, imageTokenCount, visionParameters } from "@albef/encoder";
import { contrastCam, itmParameters, matchCam, visionProjectionParameters } from "@albef/heads";
import { type ModelPlan, sourceIn } from "../model/graphs.ts";

/** Text states and mask, image states, one of each -> ITM logits [1, 2], attention and cam [1, heads, length, ...]. */
export function matchCamGraph(plan: ModelPlan, layer: number, length: number): Graph {
  const { config, textPrefix } = plan;
  const { text, vision } = config;
  return trace((tracer) => {
    const source = sourceIn(plan, tracer);
    const input = (name: string, ...shape: number[]) => tracer.input(name, { dtype: "f32", shape });
    const inputs = {
      textEmbeds: input("text", 1, length, text.hiddenSize),
      attentionMask: input("attentionMask", 1, length),
      imageEmbeds: input("image", 1, imageTokenCount(vision), vision.hiddenSize),
    };
    const layers = fusionParameters(source.scope(textPrefix), text);
    const { logits, attention, cam } = matchCam(inputs, { layers, itm: itmParameters(source, text), config, layer });
    return { logits, attention, cam };
  });
}

/** Pixels and the text's feature -> attention [1, heads, 1, tokens] and cam [1, heads, 1, patches]. */
export function contrastCamGraph(plan: ModelPlan, layer: number): Graph {
  const { config } = plan;
  const { imageSize } = config.vision;
  return trace((tracer) => {
    const source = sourceIn(plan, tracer);
    const image = tracer.input("image", { dtype: "f32", shape: [1, 3, imageSize, imageSize] });
    const textFeatures = tracer.input("text", { dtype: "f32", shape: [1, config.embedDim] });
    const temperature = tracer.input("temperature", { dtype: "f32", shape: [] });
    const { attention, cam } = contrastCam(
      { image, textFeatures, temperature },
      {
        vision: visionParameters(source.scope("visual_encoder"), config.vision),
        projection: visionProjectionParameters(source, config),
        ...{ config, layer },
      },
    );
    return { attention, cam };
  });
}
