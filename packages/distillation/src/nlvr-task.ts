import type { PairSharing } from "@albef/encoder";
import { classifierLogits, classifierLoss, imageHalves, nlvrParameters } from "@albef/heads";
import type { Branch } from "./branches.ts";
import { type BatchShape, textInputs } from "./step-inputs.ts";
import type { TrainingTask } from "./task.ts";

export interface NlvrTaskOptions {
  readonly shape: BatchShape;
  /** The momentum teacher's pseudo-targets; official: on. */
  readonly distill: boolean;
  /** The teacher drops as the rest does, and losses are taken as they come, as in the official code. */
  readonly faithful?: boolean | undefined;
  /** What the layers for the two images share. Default: keys and values of cross-attention, as official. */
  readonly sharing?: PairSharing | undefined;
}

/**
 * NLVR2 (official model_nlvr.py): whether a statement is true of two images. A batch holds image f32 [2 batch, 3, size,
 * size], all first images in front of all second ones; inputIds, attentionMask and labels i32 [batch], places in
 * NLVR_LABELS.
 */
export function nlvrTask({ shape, distill, sharing, faithful = false }: NlvrTaskOptions): TrainingTask {
  return {
    faithful,
    build({ tracer, config, online, teacher, alpha }) {
      const size = config.vision.imageSize;
      const image = tracer.input("image", { dtype: "f32", shape: [2 * shape.batch, 3, size, size] });
      const text = textInputs(tracer, shape);
      const labels = tracer.input("labels", { dtype: "i32", shape: [shape.batch] });
      const logitsOf = (network: Branch) =>
        classifierLogits(
          network.fusePair(
            {
              ...{ textEmbeds: network.text(text), attentionMask: text.attentionMask },
              imageEmbeds: imageHalves(network.image(image)),
            },
            { sharing },
          ),
          nlvrParameters(network.source, config.text),
        );
      const logits = logitsOf(online);
      const taught = distill ? logitsOf(teacher) : undefined;
      const loss = classifierLoss(logits, { labels, ...(taught && { teacher: { logits: taught, alpha } }) });
      return { losses: { nlvr: loss }, total: loss, seen: { logits, ...(taught && { logits_m: taught }) } };
    },
  };
}
