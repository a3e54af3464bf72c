import type { Tensor } from "@albef/core";
import {
  answerDecoderParameters,
  answerLogits,
  answerLoss,
  answerLosses,
  answerStates,
  answerTargets,
  takeItems,
  withoutLast,
} from "@albef/heads";
import type { Branch } from "./branches.ts";
import { type BatchShape, pairInputs } from "./step-inputs.ts";
import type { TaskParts, TrainingTask } from "./task.ts";

export interface VqaShape extends BatchShape {
  /** Answers of all questions together. */
  readonly answers: number;
  /** Tokens of an answer, [CLS], [SEP] and padding included. */
  readonly answerLength: number;
}

export interface VqaTaskOptions {
  /** `length` is that of the questions. */
  readonly shape: VqaShape;
  /** The momentum teacher's pseudo-targets; official: on. */
  readonly distill: boolean;
  /** The teacher drops as the rest does, and losses are taken as they come, as in the official code. */
  readonly faithful?: boolean | undefined;
}

/**
 * Visual question answering (official model_vqa.py): the likelihood of each answer, weighted. A batch holds image, inputIds
 * and attentionMask of the questions; answerIds i32 and answerMask f32 [answers, answerLength]; answerWeights f32 [answers];
 * answerOwners i32 [answers], the place of each answer's question in the batch. Answers of weight 0 fill a batch up.
 */
export function vqaTask({ shape, distill, faithful = false }: VqaTaskOptions): TrainingTask {
  return {
    faithful,
    build(parts) {
      const { tracer, config, online, teacher, alpha } = parts;
      const inputs = { ...pairInputs(tracer, config, shape), ...answerInputs(parts, shape) };
      const targets = answerTargets(inputs.answerIds, inputs.answerMask);
      const decoded = decode(online, inputs, parts);
      const taught = distill ? decode(teacher, inputs, parts) : undefined;
      const losses = answerLosses(decoded.logits, {
        targets,
        ...(taught && { teacher: { logits: taught.logits, alpha } }),
      });
      const loss = answerLoss(losses, inputs.answerWeights, shape.batch);
      const seen = { question_states: decoded.questionStates, answer_targets: targets, answer_loss: losses };
      return {
        losses: { vqa: loss },
        total: loss,
        seen: { ...seen, ...(taught && { answer_logits_m: taught.logits }) },
      };
    },
  };
}

function answerInputs({ tracer }: TaskParts, { answers, answerLength }: VqaShape) {
  return {
    answerIds: tracer.input("answerIds", { dtype: "i32", shape: [answers, answerLength] }),
    answerMask: tracer.input("answerMask", { dtype: "f32", shape: [answers, answerLength] }),
    answerWeights: tracer.input("answerWeights", { dtype: "f32", shape: [answers] }),
    answerOwners: tracer.input("answerOwners", { dtype: "i32", shape: [answers] }),
  };
}

type VqaInputs = Readonly<
  Record<"image" | "inputIds" | "attentionMask" | "answerIds" | "answerMask" | "answerOwners", Tensor>
>;

/** Logits of the tokens after [CLS], [answers, answerLength - 1, V], by one of the two networks. */
function decode(network: Branch, inputs: VqaInputs, { config: { text } }: TaskParts) {
  const questionStates = network.multimodal(inputs, network.image(inputs.image));
  const parameters = answerDecoderParameters(network.source, text);
  const states = answerStates(
    {
      ...{ answerIds: withoutLast(inputs.answerIds), answerMask: withoutLast(inputs.answerMask) },
      questionStates: takeItems(questionStates, inputs.answerOwners),
      questionMask: takeItems(inputs.attentionMask, inputs.answerOwners),
    },
    parameters,
    text,
    network.runs.text,
  );
  return { questionStates, logits: answerLogits(states, parameters, text) };
}
