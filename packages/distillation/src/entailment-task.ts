import { classifierLogits, classifierLoss, entailmentParameters } from "@albef/heads";
import type { Branch } from "./branches.ts";
import { type BatchShape, pairInputs } from "./step-inputs.ts";
import type { TrainingTask } from "./task.ts";

export interface EntailmentTaskOptions {
  readonly shape: BatchShape;
  /** The momentum teacher's pseudo-targets; official: on, alpha 0.4 from the first step. */
  readonly distill: boolean;
  /** The teacher drops as the rest does, and losses are taken as they come, as in the official code. */
  readonly faithful?: boolean | undefined;
}

/**
 * Visual entailment (official model_ve.py): which of ENTAILMENT_LABELS a sentence is to a picture. A batch holds image,
 * inputIds, attentionMask and labels i32 [batch].
 */
export function entailmentTask({ shape, distill, faithful = false }: EntailmentTaskOptions): TrainingTask {
  return {
    faithful,
    build({ tracer, config, online, teacher, alpha }) {
      const inputs = pairInputs(tracer, config, shape);
      const labels = tracer.input("labels", { dtype: "i32", shape: [shape.batch] });
      const logitsOf = (network: Branch) =>
        classifierLogits(
          network.multimodal(inputs, network.image(inputs.image)),
          entailmentParameters(network.source, config.text),
        );
      const logits = logitsOf(online);
      const taught = distill ? logitsOf(teacher) : undefined;
      const loss = classifierLoss(logits, { labels, ...(taught && { teacher: { logits: taught, alpha } }) });
      return { losses: { entailment: loss }, total: loss, seen: { logits, ...(taught && { logits_m: taught }) } };
    },
  };
}
