import { type Graph, gradients, linear, type Tensor, trace } from "@albef/core";
import { PRETRAIN_OBJECTIVE, pairTask, trainingGraph } from "@albef/distillation";
import { parameterSource, visionEncoder, visionParameters } from "@albef/encoder";
import { clsToken, meanOf, oneHot, softCrossEntropy } from "@albef/heads";
import { pruned } from "../peers/rules.ts";
import type { Shape } from "./workload.ts";

export interface TrainingWorkloadGraph {
  readonly graph: Graph;
  readonly trains: readonly string[];
}

/** The image encoder as a classifier: cross-entropy of a linear head on the class token, all weights learn. */
export function vitTrainingGraph({ config, batch }: Shape): TrainingWorkloadGraph {
  const trains: string[] = [];
  const graph = trace((tracer) => {
    const { imageSize, hiddenSize } = config.vision;
    const learned = new Map<string, Tensor>();
    const recording = {
      ...tracer,
      parameter: (...[name, spec]: Parameters<typeof tracer.parameter>) => {
        const tensor = tracer.parameter(name, spec);
        learned.set(name, tensor);
        return tensor;
      },
    };
    const source = parameterSource(recording);
    const image = tracer.input("image", { dtype: "f32", shape: [batch, 3, imageSize, imageSize] });
    const labels = tracer.input("labels", { dtype: "i32", shape: [batch] });
    const parameters = visionParameters(source.scope("visual_encoder"), config.vision);
    const { imageEmbeds } = visionEncoder(image, parameters, config.vision);
    const bias = source.tensor("head.bias", [config.embedDim]);
    const logits = linear(clsToken(imageEmbeds), source.tensor("head.weight", [config.embedDim, hiddenSize]), { bias });
    const loss = meanOf(softCrossEntropy(logits, oneHot(labels, config.embedDim)));
    trains.push(...learned.keys());
    const grads = gradients(loss, [...learned.values()]);
    return { loss, ...Object.fromEntries(trains.map((name, i) => [`grad.${name}`, grads[i]!])) };
  });
  return { graph, trains };
}

/** Pre-training as in the paper: ITC, ITM and MLM with the momentum teacher's targets; negatives are given, no queue. */
export function albefTrainingGraph({ config, batch, length }: Shape): TrainingWorkloadGraph {
  const { graph, trainable } = trainingGraph({
    ...{ config, textPrefix: "text_encoder.bert" },
    task: pairTask({
      shape: { batch, length },
      objective: { ...PRETRAIN_OBJECTIVE, queueSize: 0 },
      givenNegatives: true,
    }),
    trains: () => true,
  });
  const trains = [...trainable.keys()];
  return { graph: pruned(graph, ["loss", ...trains.map((name) => `grad.${name}`)]), trains };
}
