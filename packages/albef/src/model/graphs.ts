import { broadcastTo, type Graph, type Tensor, type Tracer, trace } from "@albef/core";
import {
  type AlbefConfig,
  fusionEncoder,
  fusionParameters,
  imageKeys,
  imageTokenCount,
  type ParameterSource,
  parameterSource,
  textEncoder,
  textParameters,
  visionEncoder,
  visionParameters,
  type WeightSpecs,
} from "@albef/encoder";
import {
  itcFeatures,
  itmLogits,
  itmParameters,
  textProjectionParameters,
  visionProjectionParameters,
} from "@albef/heads";

/** What the graphs of a model are traced from. */
export interface ModelPlan {
  readonly config: AlbefConfig;
  /** `text_encoder.bert` in pre-trained checkpoints, `text_encoder` in fine-tuned ones. */
  readonly textPrefix: string;
  readonly specs: WeightSpecs;
  /** Whether the weights have projections and the matching head; checkpoints of the downstream tasks have none. */
  readonly contrasts: boolean;
  /** Where the weights come from, where it is not the store alone: those of a model in training. */
  readonly sourceOf?: ((tracer: Tracer) => ParameterSource) | undefined;
}

/** The weights of a plan in a graph that is being traced. */
export function sourceIn({ specs, sourceOf }: ModelPlan, tracer: Tracer): ParameterSource {
  return sourceOf?.(tracer) ?? parameterSource(tracer, specs);
}

/** image f32 [batch, 3, size, size] -> features [batch, embedDim] where the model contrasts, states [batch, tokens, width]. */
export function imageGraph(plan: ModelPlan, batch: number): Graph {
  const { config, contrasts } = plan;
  const { imageSize } = config.vision;
  return trace((tracer) => {
    const source = sourceIn(plan, tracer);
    const image = tracer.input("image", { dtype: "f32", shape: [batch, 3, imageSize, imageSize] });
    const parameters = visionParameters(source.scope("visual_encoder"), config.vision);
    const { imageEmbeds } = visionEncoder(image, parameters, config.vision);
    const features = contrasts && itcFeatures(imageEmbeds, visionProjectionParameters(source, config));
    return { ...(features && { features }), states: imageEmbeds };
  });
}

export interface TextShape {
  readonly batch: number;
  readonly length: number;
}

/** inputIds i32 and attentionMask f32 [batch, length] -> features [batch, embedDim], states [batch, length, width]. */
export function textGraph(plan: ModelPlan, { batch, length }: TextShape): Graph {
  const { config, textPrefix, contrasts } = plan;
  return trace((tracer) => {
    const source = sourceIn(plan, tracer);
    const inputIds = tracer.input("inputIds", { dtype: "i32", shape: [batch, length] });
    const attentionMask = tracer.input("attentionMask", { dtype: "f32", shape: [batch, length] });
    const parameters = textParameters(source.scope(textPrefix), config.text);
    const { textEmbeds } = textEncoder({ inputIds, attentionMask }, parameters, config.text);
    const features = contrasts && itcFeatures(textEmbeds, textProjectionParameters(source, config));
    return { ...(features && { features }), states: textEmbeds };
  });
}

/**
 * Image states [batch, tokens, width] -> what the fusion layers make of them whatever the text: `keys.<layer>` and
 * `values.<layer>` [batch, tokens, width] each.
 */
export function keysGraph(plan: ModelPlan, batch: number): Graph {
  const { text, vision } = plan.config;
  return trace((tracer) => {
    const layers = fusionParameters(sourceIn(plan, tracer).scope(plan.textPrefix), text);
    const shape = [batch, imageTokenCount(vision), vision.hiddenSize];
    const keys = imageKeys(tracer.input("image", { dtype: "f32", shape }), layers);
    return Object.fromEntries(
      [...keys].flatMap(([layer, { keys, values }]) => {
        const names = keyNames(layer);
        return [[names.keys, keys] as const, [names.values, values] as const];
      }),
    );
  });
}

const keyNames = (layer: number) => ({ keys: `keys.${layer}`, values: `values.${layer}` }) as const;

export interface MatchShape {
  readonly pairs: number;
  /** 1: one text for all images. */
  readonly texts: number;
  /** 1: one image for all texts. */
  readonly images: number;
  readonly length: number;
}

/**
 * Text states and masks, images as `keysGraph` gives them -> ITM logits [pairs, 2], or states [pairs, length, width] where
 * there is no matching head.
 */
export function matchGraph(plan: ModelPlan, { pairs, texts, images, length }: MatchShape): Graph {
  const { config, textPrefix, contrasts } = plan;
  const { text, vision } = config;
  return trace((tracer) => {
    const source = sourceIn(plan, tracer);
    const input = (name: string, shape: number[]) => tracer.input(name, { dtype: "f32", shape });
    const repeated = (x: Tensor) => broadcastTo(x, [pairs, ...x.shape.slice(1)]);
    const textEmbeds = repeated(input("text", [texts, length, text.hiddenSize]));
    const attentionMask = repeated(input("attentionMask", [texts, length]));
    const layers = fusionParameters(source.scope(textPrefix), text);
    const shape = [images, imageTokenCount(vision), text.hiddenSize]; // of 1, all texts attend to it
    const keysOf = (layer: number) => {
      const names = keyNames(layer);
      return [layer, { keys: input(names.keys, shape), values: input(names.values, shape) }] as const;
    };
    const imageEmbeds = new Map([...layers.keys()].map(keysOf));
    const { fusionEmbeds } = fusionEncoder({ textEmbeds, attentionMask, imageEmbeds }, layers, text);
    return contrasts ? { logits: itmLogits(fusionEmbeds, itmParameters(source, text)) } : { states: fusionEmbeds };
  });
}

/** Shapes of all parameters that the graphs read, by official name; `fuses`: whether there are those of matching. */
export function neededParameters(
  plan: ModelPlan,
  { fuses }: { readonly fuses: boolean },
): ReadonlyMap<string, readonly number[]> {
  const length = 1;
  const graphs = [imageGraph(plan, 1), textGraph(plan, { batch: 1, length })];
  if (fuses) graphs.push(keysGraph(plan, 1), matchGraph(plan, { pairs: 1, texts: 1, images: 1, length }));
  return new Map(
    graphs.flatMap((graph) =>
      Object.entries(graph.parameters).map(([name, id]) => [name, graph.values[id]!.shape] as const),
    ),
  );
}
