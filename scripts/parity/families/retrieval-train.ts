import {
  createTrainingStep,
  pairTask,
  RETRIEVAL_OBJECTIVE,
  type StepResult,
  type TrainingState,
} from "@albef/distillation";
import { parseConfig } from "@albef/encoder";
import { type Check, checkOutputs } from "../check.ts";
import type { GraphFamily } from "../family.ts";
import { asFloat, asInt } from "../read-tensors.ts";
import type { RecordedCase } from "../recorded-case.ts";
import { executorOf, type Runner } from "../runner.ts";
import { checkScalar, gradientChecks, weightValues } from "./training.ts";

const WATCHED = [
  ...["image_feat", "text_feat", "image_feat_m", "text_feat_m", "sim_i2t", "sim_t2i", "sim_i2t_m", "sim_t2i_m"],
  ...["sim_targets", "sim_i2t_targets", "sim_t2i_targets", "weights_i2t", "weights_t2i", "vl_output"],
];

/** Fine-tuning for retrieval: captions of one image share its id; with and without momentum distillation. */
export const retrievalTrain: GraphFamily = {
  needs: "executor",
  executors: ["webgpu", "tfjs"],
  async run(recorded, runner) {
    return [...(await trainOnce(recorded, runner, true)), ...(await trainOnce(recorded, runner, false))];
  },
};

async function trainOnce(recorded: RecordedCase, runner: Runner, distill: boolean): Promise<Check[]> {
  const config = parseConfig(recorded.json.config);
  const [batch, length] = recorded.tensor("in.input_ids").shape as readonly [number, number];
  const float = (key: string) => asFloat(recorded.tensor(`in.${key}`));
  const int = (key: string) => asInt(recorded.tensor(`in.${key}`));
  const queuePointer = (await recorded.weights()).get("queue_ptr")!.data[0]!;
  using step = await createTrainingStep(executorOf(runner), {
    ...{ config, textPrefix: "text_encoder", watch: WATCHED },
    task: pairTask({
      ...{ shape: { batch, length }, givenNegatives: true },
      objective: { ...RETRIEVAL_OBJECTIVE, distillItc: distill, queueSize: config.queueSize, faithful: true },
    }),
    ...{ weights: await weightValues(recorded), trains: () => true, draw: Math.random },
    counters: { queuePointer, queueIds: int("idx_queue") },
  });
  const given = {
    ...{ image: float("image"), inputIds: int("input_ids"), attentionMask: float("attention_mask"), ids: int("idx") },
    ...{ negativeImages: int("neg_image_for_text"), negativeTexts: int("neg_text_for_image") },
  };
  const result = await step.run(given, { learningRate: 0, alpha: config.alpha });
  const scalars = [
    checkScalar(recorded, `${distill ? "distill" : "plain"}.loss_ita`, result.losses.itc!),
    checkScalar(recorded, `${distill ? "distill" : "plain"}.loss_itm`, result.losses.itm!),
  ];
  const more = distill
    ? seenChecks(recorded, step.state, result, given.ids)
    : gradientChecks(recorded, step.state, "plain.");
  return [...scalars, ...(await more)];
}

async function seenChecks(
  recorded: RecordedCase,
  state: TrainingState,
  { seen }: StepResult,
  ids: Int32Array,
): Promise<Check[]> {
  const outputs: Record<string, ArrayLike<number>> = {
    ...(seen as Record<string, ArrayLike<number>>),
    mask: [...ids].flatMap((a) => [...ids].map((b) => (a === b ? 1 : 0))),
    image_queue: await state.queue!.read("image_queue"),
    text_queue: await state.queue!.read("text_queue"),
    idx_queue: state.counters.queueIds,
    queue_ptr: [state.counters.queuePointer],
  };
  return [...checkOutputs(recorded, outputs), ...(await gradientChecks(recorded, state, ""))];
}
