import { crossEntropy, randomUniform, type Tensor, type Tracer } from "@albef/core";
import type { PairSharing } from "@albef/encoder";
import {
  assignImages,
  assignmentLogits,
  assignmentParameters,
  assignmentWeights,
  meanOf,
  takeItems,
  twoNegatives,
} from "@albef/heads";
import { TrainingError } from "./errors.ts";
import { type BatchShape, pairInputs } from "./step-inputs.ts";
import type { TrainingTask } from "./task.ts";

export interface AssignmentTaskOptions {
  readonly shape: BatchShape;
  /** What the layers for the two images share. Default: keys and values of cross-attention, as official. */
  readonly sharing?: PairSharing | undefined;
  /** Chances of negatives as official: after the softmax the own image's is set to 0, which may leave none. */
  readonly faithful?: boolean | undefined;
  /** Draws come as inputs: `assignmentCoin` and `orderCoin` f32 (u1, u2), `firstNegative` and `secondNegative` i32, [batch] each. */
  readonly givenDraws?: boolean | undefined;
}

/**
 * Text assignment (paper section 4.4; official model_pretrain_nlvr.py): which of two images a text belongs to, or that it
 * belongs to neither; prepares a pre-trained model for NLVR2 without labels. A batch holds image, inputIds, attentionMask
 * and `seed` u32 []. There is no teacher. Throws TrainingError for batches of fewer than 3, which lack a second negative.
 */
export function assignmentTask(options: AssignmentTaskOptions): TrainingTask {
  const { shape, sharing, faithful = false, givenDraws = false } = options;
  if (shape.batch < 3) {
    throw new TrainingError(`training: text assignment needs batches of 3 pairs or more, got ${shape.batch}`);
  }
  return {
    faithful,
    build({ tracer, config, online }) {
      const inputs = pairInputs(tracer, config, shape);
      const imageEmbeds = online.image(inputs.image);
      const { similarities, weights } = assignmentWeights(online.imageFeatures(imageEmbeds), { faithful });
      const { coins, negatives } = givenDraws ? given(tracer, shape.batch) : drawn(tracer, weights);
      const { first, second, labels } = assignImages(coins, negatives);
      const fused = online.fusePair(
        {
          ...{ textEmbeds: online.text(inputs), attentionMask: inputs.attentionMask },
          imageEmbeds: [takeItems(imageEmbeds, first), takeItems(imageEmbeds, second)],
        },
        { sharing },
      );
      const logits = assignmentLogits(fused, assignmentParameters(online.source, config.text));
      const loss = meanOf(crossEntropy(logits, { labels }));
      return { losses: { assignment: loss }, total: loss, seen: { logits, labels, weights, sim: similarities } };
    },
  };
}

interface Draws {
  readonly coins: readonly [Tensor, Tensor];
  readonly negatives: readonly [Tensor, Tensor];
}

function drawn(tracer: Tracer, weights: Tensor): Draws {
  const seed = tracer.input("seed", { dtype: "u32", shape: [] });
  const uniforms = (stream: number) => randomUniform([weights.shape[0]!], { seed, stream });
  return { coins: [uniforms(1), uniforms(2)], negatives: twoNegatives(weights, [uniforms(3), uniforms(4)]) };
}

function given(tracer: Tracer, batch: number): Draws {
  const input = (name: string, dtype: "f32" | "i32") => tracer.input(name, { dtype, shape: [batch] });
  return {
    coins: [input("assignmentCoin", "f32"), input("orderCoin", "f32")],
    negatives: [input("firstNegative", "i32"), input("secondNegative", "i32")],
  };
}
