import { primitives as p, type Tensor, trace } from "@albef/core";
import { type AlbefConfig, parseConfig, visionParameters } from "@albef/encoder";
import {
  itcFeatures,
  itmLogits,
  itmParameters,
  mlmLogits,
  mlmParameters,
  textProjectionParameters,
  visionProjectionParameters,
} from "@albef/heads";
import { checkOutputs } from "../check.ts";
import type { GraphFamily } from "../family.ts";
import { asFloat } from "../read-tensors.ts";
import { runOnce, weightsFrom } from "../runner.ts";
import { imageInput, modelGraph, tokenData, tokenInputs } from "./model.ts";

/** The forward pass of every part of a pre-training model. */
export const tiny: GraphFamily = {
  needs: "executor",
  async run(recorded, runner) {
    const config = parseConfig(recorded.json.config);
    const graph = trace((tracer) => {
      const image = imageInput(tracer, recorded.tensor("in.image").shape);
      const tokens = tokenInputs(tracer, recorded.tensor("in.input_ids").shape);
      const outputs = forward(modelGraph(tracer, config, "text_encoder.bert"), config, image, tokens);
      return Object.fromEntries(Object.entries(outputs).filter(([name]) => recorded.expected.has(`out.${name}`)));
    });
    const inputs = {
      image: asFloat(recorded.tensor("in.image")),
      ...tokenData(recorded.tensor("in.input_ids"), recorded.tensor("in.attention_mask")),
    };
    return checkOutputs(recorded, await runOnce(runner, graph, inputs, weightsFrom(await recorded.weights())));
  },
};

type Model = ReturnType<typeof modelGraph>;
type Tokens = ReturnType<typeof tokenInputs>;

/** Every recorded quantity by its name. */
function forward(model: Model, config: AlbefConfig, image: Tensor, tokens: Tokens): Record<string, Tensor> {
  const { source } = model;
  const vision = model.vision(image);
  const text = model.text(tokens);
  const { imageEmbeds } = vision;
  const fusion = model.fusion(text.textEmbeds, tokens.attentionMask, imageEmbeds);
  const { position } = visionParameters(source.scope("visual_encoder"), config.vision).embedding;
  return {
    patch_embed: withoutPositions(vision.hiddenStates[0]!, position),
    ...Object.fromEntries(vision.hiddenStates.slice(1).map((hidden, i) => [`vit_block${i}`, hidden])),
    image_embeds: imageEmbeds,
    text_embeddings: text.embeddings,
    text_embeds: text.textEmbeds,
    ...Object.fromEntries([...fusion.hiddenStates].map(([i, hidden]) => [`fusion_layer${i}`, hidden])),
    fusion_embeds: fusion.fusionEmbeds,
    multimodal_embeds: fusion.fusionEmbeds,
    image_feat: itcFeatures(imageEmbeds, visionProjectionParameters(source, config)),
    text_feat: itcFeatures(text.textEmbeds, textProjectionParameters(source, config)),
    itm_logits: itmLogits(fusion.fusionEmbeds, itmParameters(source, config.text)),
    mlm_logits: mlmLogits(fusion.fusionEmbeds, mlmParameters(source.scope("text_encoder"), config.text), config.text),
  };
}

/** The patches alone: the kernel adds class token and positions at once, the recording has them before that. */
export function withoutPositions(tokens: Tensor, position: Tensor): Tensor {
  const [batch, count, width] = tokens.shape as readonly [number, number, number];
  const patches = p.slice(tokens, [0, 1, 0], [batch, count - 1, width]);
  return p.sub(patches, p.slice(position, [0, 1, 0], [1, count - 1, width]));
}
