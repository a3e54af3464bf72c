import { trace } from "@albef/core";
import { entailmentTask } from "@albef/distillation";
import { parseConfig } from "@albef/encoder";
import { classifierLogits, ENTAILMENT_LABELS, entailmentParameters } from "@albef/heads";
import { type Check, checkEqual, checkOutputs } from "../check.ts";
import type { GraphFamily } from "../family.ts";
import { asFloat, asInt } from "../read-tensors.ts";
import type { RecordedCase } from "../recorded-case.ts";
import { type Runner, runOnce, weightsFrom } from "../runner.ts";
import { imageInput, modelGraph, tokenData, tokenInputs } from "./model.ts";
import { checkScalar, gradientChecks, type Trained, trainOnce } from "./training.ts";

/** Visual entailment: logits, and the loss with its gradients, with and without momentum distillation. */
export const ve: GraphFamily = {
  needs: "executor",
  async run(recorded, runner) {
    const labels = Object.fromEntries(ENTAILMENT_LABELS.map((name, i) => [name, i]));
    return [
      checkEqual("labels", labels, recorded.field("labels")),
      ...(await evaluated(recorded, runner)),
      ...(await trained(recorded, runner, { distill: false }, async (result) => [
        checkScalar(recorded, "plain.loss", result.loss),
        ...(await gradientChecks(recorded, result, "plain.")),
      ])),
      ...(await trained(recorded, runner, { distill: true }, async (result) => [
        checkScalar(recorded, "distill.loss", result.loss),
        ...checkOutputs(recorded, { logits: result.seen.logits!, logits_m: result.seen.logits_m! }),
        ...(await gradientChecks(recorded, result, "")),
      ])),
    ];
  },
};

async function evaluated(recorded: RecordedCase, runner: Runner): Promise<Check[]> {
  const config = parseConfig(recorded.json.config);
  const [image, ids] = [recorded.tensor("in.image"), recorded.tensor("in.input_ids")];
  const graph = trace((tracer) => {
    const model = modelGraph(tracer, config, "text_encoder");
    const tokens = tokenInputs(tracer, ids.shape);
    const { imageEmbeds } = model.vision(imageInput(tracer, image.shape));
    const { fusionEmbeds } = model.fusion(model.text(tokens).textEmbeds, tokens.attentionMask, imageEmbeds);
    return { eval_logits: classifierLogits(fusionEmbeds, entailmentParameters(model.source, config.text)) };
  });
  const inputs = { image: asFloat(image), ...tokenData(ids, recorded.tensor("in.attention_mask")) };
  return checkOutputs(recorded, await runOnce(runner, graph, inputs, weightsFrom(await recorded.weights())));
}

async function trained(
  recorded: RecordedCase,
  runner: Runner,
  { distill }: { readonly distill: boolean },
  check: (result: Trained) => Promise<Check[]>,
): Promise<Check[]> {
  const [batch, length] = recorded.tensor("in.input_ids").shape as readonly [number, number];
  return trainOnce(
    recorded,
    runner,
    {
      ...{ config: parseConfig(recorded.json.config), textPrefix: "text_encoder" },
      task: entailmentTask({ shape: { batch, length }, distill }),
      watch: distill ? ["logits", "logits_m"] : [],
      batch: {
        ...{ image: asFloat(recorded.tensor("in.image")), labels: asInt(recorded.tensor("in.targets")) },
        ...tokenData(recorded.tensor("in.input_ids"), recorded.tensor("in.attention_mask")),
      },
    },
    check,
  );
}
