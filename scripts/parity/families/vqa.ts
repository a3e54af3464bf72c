import { trace } from "@albef/core";
import { vqaTask } from "@albef/distillation";
import { type AlbefConfig, parseConfig } from "@albef/encoder";
import { answerDecoderParameters, answerLogits, answerStates, takeItems } from "@albef/heads";
import { type Check, checkOutputs } from "../check.ts";
import type { GraphFamily } from "../family.ts";
import { asFloat, asInt } from "../read-tensors.ts";
import type { RecordedCase } from "../recorded-case.ts";
import { type Outputs, type Runner, runOnce, weightsFrom } from "../runner.ts";
import { imageInput, modelGraph, tokenData, tokenInputs } from "./model.ts";
import { checkScalar, gradientChecks, type Trained, trainOnce } from "./training.ts";
import { rankingChecks } from "./vqa-ranking.ts";

/** Visual question answering: logits, the weighted loss with its gradients, and the ranking of candidates. */
export const vqa: GraphFamily = {
  needs: "executor",
  async run(recorded, runner) {
    const config = parseConfig(recorded.json.config);
    const forward = await decoded(recorded, runner, config);
    return [
      ...checkOutputs(recorded, { answer_logits: forward.answer_logits! }),
      ...(await trained(recorded, runner, { distill: false }, async (result) => [
        checkScalar(recorded, "plain.loss", result.loss),
        ...checkOutputs(recorded, { "plain.answer_loss": result.seen.answer_loss! }),
        ...(await gradientChecks(recorded, result, "plain.")),
      ])),
      ...(await trained(recorded, runner, { distill: true }, async (result) => [
        checkScalar(recorded, "distill.loss", result.loss),
        ...checkOutputs(recorded, Object.fromEntries(SEEN.map((name) => [name, result.seen[name]!]))),
        ...(await gradientChecks(recorded, result, "")),
      ])),
      ...(await rankingChecks(recorded, runner, forward.question_states!)),
    ];
  },
};

const SEEN = ["question_states", "answer_targets", "answer_loss", "answer_logits_m"];

/** The question of each answer: its place in the batch, repeated as often as it has answers. */
function ownersOf(recorded: RecordedCase): Int32Array {
  const counts = asInt(recorded.tensor("in.k"));
  return Int32Array.from([...counts].flatMap((count, question) => Array<number>(count).fill(question)));
}

function questionData(recorded: RecordedCase) {
  return tokenData(recorded.tensor("in.question_ids"), recorded.tensor("in.question_mask"));
}

async function decoded(recorded: RecordedCase, runner: Runner, config: AlbefConfig): Promise<Outputs> {
  const [image, ids, answers] = ["in.image", "in.question_ids", "in.answer_ids"].map((name) => recorded.tensor(name));
  const graph = trace((tracer) => {
    const model = modelGraph(tracer, config, "text_encoder");
    const tokens = tokenInputs(tracer, ids!.shape);
    const owners = tracer.input("owners", { dtype: "i32", shape: [answers!.shape[0]!] });
    const { imageEmbeds } = model.vision(imageInput(tracer, image!.shape));
    const { fusionEmbeds } = model.fusion(model.text(tokens).textEmbeds, tokens.attentionMask, imageEmbeds);
    const parameters = answerDecoderParameters(model.source, config.text);
    const inputs = {
      answerIds: tracer.input("answerIds", { dtype: "i32", shape: answers!.shape }),
      answerMask: tracer.input("answerMask", { dtype: "f32", shape: answers!.shape }),
      questionStates: takeItems(fusionEmbeds, owners),
      questionMask: takeItems(tokens.attentionMask, owners),
    };
    const states = answerStates(inputs, parameters, config.text);
    return { question_states: fusionEmbeds, answer_logits: answerLogits(states, parameters, config.text) };
  });
  const given = {
    ...{ image: asFloat(image!), owners: ownersOf(recorded), ...questionData(recorded) },
    ...{ answerIds: asInt(answers!), answerMask: asFloat(recorded.tensor("in.answer_mask")) },
  };
  return runOnce(runner, graph, given, weightsFrom(await recorded.weights()));
}

async function trained(
  recorded: RecordedCase,
  runner: Runner,
  { distill }: { readonly distill: boolean },
  check: (result: Trained) => Promise<Check[]>,
): Promise<Check[]> {
  const [batch, length] = recorded.tensor("in.question_ids").shape as readonly [number, number];
  const [answers, answerLength] = recorded.tensor("in.answer_ids").shape as readonly [number, number];
  const options = {
    ...{ config: parseConfig(recorded.json.config), textPrefix: "text_encoder" as const },
    task: vqaTask({ shape: { batch, length, answers, answerLength }, distill }),
    watch: distill ? SEEN : ["answer_loss"],
    batch: {
      ...{ image: asFloat(recorded.tensor("in.image")), ...questionData(recorded) },
      answerIds: asInt(recorded.tensor("in.answer_ids")),
      answerMask: asFloat(recorded.tensor("in.answer_mask")),
      answerWeights: asFloat(recorded.tensor("in.answer_weights")),
      answerOwners: ownersOf(recorded),
    },
  };
  return trainOnce(recorded, runner, options, check);
}
