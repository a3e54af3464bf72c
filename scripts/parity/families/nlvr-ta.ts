import { assignmentTask } from "@albef/distillation";
import { parseConfig } from "@albef/encoder";
import { type Check, checkEqual, checkOutputs } from "../check.ts";
import type { GraphFamily } from "../family.ts";
import { asFloat, asInt } from "../read-tensors.ts";
import type { RecordedCase } from "../recorded-case.ts";
import { checkScalar, gradientChecks, type Trained, trainOnce } from "./training.ts";

const SEEN = ["logits", "labels", "weights", "sim"];

/** Text assignment: the images that each text is shown, loss and gradients. */
export const nlvrTa: GraphFamily = {
  needs: "executor",
  async run(recorded, runner) {
    const [batch, length] = recorded.tensor("in.input_ids").shape as readonly [number, number];
    return trainOnce(
      recorded,
      runner,
      {
        ...{ config: parseConfig(recorded.json.config), textPrefix: "text_encoder" },
        task: assignmentTask({ shape: { batch, length }, faithful: true, givenDraws: true }),
        watch: SEEN,
        batch: {
          ...{ image: asFloat(recorded.tensor("in.image")), inputIds: asInt(recorded.tensor("in.input_ids")) },
          ...{ attentionMask: asFloat(recorded.tensor("in.attention_mask")), ...officialDraws(recorded, batch) },
        },
      },
      async (result) => [
        checkScalar(recorded, "loss", result.loss),
        ...checkOutputs(recorded, Object.fromEntries(SEEN.map((name) => [name, result.seen[name]!]))),
        ...(await gradientChecks(recorded, result, "")),
        await untouched(recorded, result),
      ],
    );
  },
};

/** The official code draws a second number only where the text's own image is shown. */
function officialDraws(recorded: RecordedCase, batch: number) {
  const draws = asFloat(recorded.tensor("in.uniform_draws"));
  const pairs = asInt(recorded.tensor("in.negatives"));
  const [assignmentCoin, orderCoin] = [new Float32Array(batch), new Float32Array(batch)];
  for (let b = 0, next = 0; b < batch; b++) {
    assignmentCoin[b] = draws[next++]!;
    if (assignmentCoin[b]! > 1 / 3) orderCoin[b] = draws[next++]!;
  }
  const column = (place: number) => pairs.filter((_, i) => i % 2 === place);
  return { assignmentCoin, orderCoin, firstNegative: column(0), secondNegative: column(1) };
}

/** Parameters that the official model has but its loss does not reach. */
async function untouched(recorded: RecordedCase, { gradients }: Trained): Promise<Check> {
  const names = recorded.field<string[]>("parameters_without_gradient");
  const reached: string[] = [];
  for (const name of names.filter((key) => key.startsWith("vision_proj"))) {
    const gradient = (await gradients.read(`grad.${name}`)) as Float32Array;
    if (gradient.some((value) => value !== 0)) reached.push(name);
  }
  return checkEqual("parameters_without_gradient", reached, []);
}
