import { trace } from "@albef/core";
import { nlvrTask } from "@albef/distillation";
import { pairEncoder, pairParameters, parseConfig } from "@albef/encoder";
import { classifierLogits, imageHalves, nlvrParameters } from "@albef/heads";
import { type Check, checkOutputs } from "../check.ts";
import type { GraphFamily } from "../family.ts";
import { asFloat, asInt } from "../read-tensors.ts";
import type { RecordedCase } from "../recorded-case.ts";
import { type Runner, runOnce, weightsFrom } from "../runner.ts";
import { imageInput, modelGraph, tokenData, tokenInputs } from "./model.ts";
import { checkScalar, gradientChecks, trainOnce } from "./training.ts";

const PREFIX = "text_encoder"; // fine-tuned models have no `bert.`

/** NLVR2: logits of two images and a statement, and the loss with its gradients, with and without momentum distillation. */
export const nlvr: GraphFamily = {
  needs: "executor",
  async run(recorded, runner) {
    return [
      ...(await evaluated(recorded, runner)),
      ...(await trained(recorded, runner, false)),
      ...(await trained(recorded, runner, true)),
    ];
  },
};

async function evaluated(recorded: RecordedCase, runner: Runner): Promise<Check[]> {
  const { text, ...rest } = parseConfig(recorded.json.config);
  const [image, ids] = [recorded.tensor("in.image"), recorded.tensor("in.input_ids")];
  const graph = trace((tracer) => {
    const model = modelGraph(tracer, { text, ...rest }, PREFIX);
    const tokens = tokenInputs(tracer, ids.shape);
    const { imageEmbeds } = model.vision(imageInput(tracer, image.shape));
    const pair = {
      ...{ textEmbeds: model.text(tokens).textEmbeds, attentionMask: tokens.attentionMask },
      imageEmbeds: imageHalves(imageEmbeds),
    };
    const fused = pairEncoder(pair, pairParameters(model.source.scope(PREFIX), text), text);
    return { eval_logits: classifierLogits(fused, nlvrParameters(model.source, text)) };
  });
  const inputs = { image: asFloat(image), ...tokenData(ids, recorded.tensor("in.attention_mask")) };
  return checkOutputs(recorded, await runOnce(runner, graph, inputs, weightsFrom(await recorded.weights())));
}

async function trained(recorded: RecordedCase, runner: Runner, distill: boolean): Promise<Check[]> {
  const [batch, length] = recorded.tensor("in.input_ids").shape as readonly [number, number];
  return trainOnce(
    recorded,
    runner,
    {
      ...{ config: parseConfig(recorded.json.config), textPrefix: PREFIX },
      task: nlvrTask({ shape: { batch, length }, distill }),
      watch: distill ? ["logits", "logits_m"] : [],
      batch: {
        ...{ image: asFloat(recorded.tensor("in.image")), labels: asInt(recorded.tensor("in.targets")) },
        ...tokenData(recorded.tensor("in.input_ids"), recorded.tensor("in.attention_mask")),
      },
    },
    async (result) =>
      distill
        ? [
            checkScalar(recorded, "distill.loss", result.loss),
            ...checkOutputs(recorded, { logits: result.seen.logits!, logits_m: result.seen.logits_m! }),
            ...(await gradientChecks(recorded, result, "")),
          ]
        : [checkScalar(recorded, "plain.loss", result.loss), ...(await gradientChecks(recorded, result, "plain."))],
  );
}
