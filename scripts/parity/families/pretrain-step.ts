import {
  createTrainingStep,
  maskWords,
  PRETRAIN_OBJECTIVE,
  pairTask,
  type StepResult,
  type TrainingStep,
} from "@albef/distillation";
import { type AlbefConfig, parseConfig } from "@albef/encoder";
import { type Check, checkEqual, checkNumbers, checkOutputs } from "../check.ts";
import type { GraphFamily } from "../family.ts";
import { asFloat, asInt } from "../read-tensors.ts";
import type { RecordedCase } from "../recorded-case.ts";
import { executorOf } from "../runner.ts";
import { checkScalar, checkUpdated, gradientChecks, officialDraws, weightValues } from "./training.ts";

const WATCHED = [
  ...["image_feat", "text_feat", "image_feat_m", "text_feat_m", "sim_i2t", "sim_t2i", "sim_i2t_m", "sim_t2i_m"],
  ...["sim_i2t_targets", "sim_t2i_targets", "weights_i2t", "weights_t2i", "vl_output", "mlm_logits", "mlm_logits_m"],
];

/** Whole steps of pre-training: losses, what leads to them, gradients, momentum, queues, and the weights at the end. */
export const pretrainStep: GraphFamily = {
  needs: "executor",
  executors: ["webgpu", "tfjs"],
  async run(recorded, runner) {
    const config = parseConfig(recorded.json.config);
    const executor = executorOf(runner);
    const { lr } = recorded.field<{ readonly lr: number }>("optimizer");
    const weights = await weightValues(recorded);
    const [batch, length] = recorded.tensor("in.s0.input_ids").shape as readonly [number, number];
    using step = await createTrainingStep(executor, {
      ...{ config, textPrefix: "text_encoder.bert", watch: WATCHED },
      task: pairTask({
        ...{ shape: { batch, length }, givenNegatives: true },
        objective: { ...PRETRAIN_OBJECTIVE, queueSize: config.queueSize, faithful: true },
      }),
      ...{ weights, trains: () => true, draw: Math.random },
      counters: { queuePointer: (await recorded.weights()).get("queue_ptr")!.data[0]! },
    });
    const checks: Check[] = [];
    let count = 0;
    let teacher: Teacher = new Map();
    for (; recorded.has(`in.s${count}.image`); count++) {
      const given = batchOf(recorded, `s${count}`, config);
      teacher = await teacherNow(step); // ours follows at the end of a step, the official one in the next forward pass
      const result = await step.run(given, { learningRate: lr, alpha: config.alpha });
      checks.push(...(await stepChecks({ recorded, step, name: `s${count}`, given, result, teacher })));
    }
    return [...checks, ...(await finalChecks(recorded, step, { learningRate: lr, count, teacher }))];
  },
};

/** The momentum copies that a step hears, by their official names. */
type Teacher = ReadonlyMap<string, Float32Array>;

async function teacherNow({ state }: TrainingStep): Promise<Teacher> {
  const values = new Map<string, Float32Array>();
  for (const name of state.teacher!.specs.keys()) values.set(name, (await state.teacher!.read(name)) as Float32Array);
  return values;
}

export function batchOf(recorded: RecordedCase, name: string, { tokens }: AlbefConfig) {
  const float = (key: string) => asFloat(recorded.tensor(`in.${name}.${key}`));
  const int = (key: string) => asInt(recorded.tensor(`in.${name}.${key}`));
  const inputIds = int("input_ids");
  const masked = maskWords(inputIds, officialDraws(int), tokens, { faithful: true });
  return {
    ...{ image: float("image"), inputIds, attentionMask: float("attention_mask") },
    ...{ maskedIds: masked.inputIds, wordLabels: masked.labels },
    ...{ negativeImages: int("neg_image_for_text"), negativeTexts: int("neg_text_for_image") },
  };
}

interface StepCheckParts {
  readonly recorded: RecordedCase;
  readonly step: TrainingStep;
  readonly name: string;
  readonly given: ReturnType<typeof batchOf>;
  readonly result: StepResult;
  readonly teacher: Teacher;
}

async function stepChecks({ recorded, step, name, given, result, teacher }: StepCheckParts): Promise<Check[]> {
  const { state } = step;
  const { seen, losses } = result;
  const batch = given.inputIds.length / (recorded.tensor(`in.${name}.input_ids`).shape[1] ?? 1);
  const outputs: Record<string, ArrayLike<number>> = {
    ...(seen as Record<string, ArrayLike<number>>),
    mlm_input_ids: given.maskedIds,
    mlm_labels: given.wordLabels,
    itm_labels: Array.from({ length: 3 * batch }, (_, i) => (i < batch ? 1 : 0)),
    multinomial_weights_i2t: seen.weights_i2t!,
    multinomial_weights_t2i: seen.weights_t2i!,
    image_queue: await state.queue!.read("image_queue"),
    text_queue: await state.queue!.read("text_queue"),
    queue_ptr: [state.counters.queuePointer],
  };
  const named = Object.fromEntries(Object.entries(outputs).map(([key, value]) => [`${name}.${key}`, value]));
  const prefix = `out.${name}.momentum.`;
  const recordedCopies = [...recorded.expected.keys()].filter((key) => key.startsWith(prefix));
  const momentum = recordedCopies.map((key) => [key.slice(4), teacher.get(key.slice(prefix.length))!] as const);
  return [
    checkScalar(recorded, `${name}.loss_ita`, losses.itc!),
    checkScalar(recorded, `${name}.loss_itm`, losses.itm!),
    checkScalar(recorded, `${name}.loss_mlm`, losses.mlm!),
    checkScalar(recorded, `${name}.temp_after_step`, Number((await state.weights.read("temp"))[0])),
    ...checkOutputs(recorded, { ...named, ...Object.fromEntries(momentum) }),
    ...(await gradientChecks(recorded, state, `${name}.`)),
  ];
}

interface Taken {
  readonly learningRate: number;
  readonly count: number;
  readonly teacher: Teacher;
}

async function finalChecks(recorded: RecordedCase, { state }: TrainingStep, taken: Taken): Promise<Check[]> {
  const prefix = `out.after${taken.count}.`;
  const checks: Check[] = [];
  for (const [key, expected] of recorded.expected) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    const actual = taken.teacher.get(name) ?? ((await state.weights.read(name)) as Float32Array);
    checks.push(checkUpdated(key.slice(4), actual, { expected, data: recorded.tensor(key).data, ...taken }));
  }
  return [...checks, checkEqual("steps", state.counters.step, taken.count), ...positive(checks)];
}

/** A case without final weights would pass for nothing. */
function positive(checks: readonly Check[]): Check[] {
  return [checkNumbers("final weights compared", [Math.sign(checks.length)], [1], { atol: 0.5 })];
}
