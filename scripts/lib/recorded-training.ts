import { readFileSync } from "node:fs";
import { byteSource, openSafetensors, safetensorsBlob } from "@albef/core";
import { createTrainingStep, openState, PRETRAIN_OBJECTIVE, pairTask, savedTensors } from "@albef/distillation";
import { parseConfig } from "@albef/encoder";
import { batchOf } from "../parity/families/pretrain-step.ts";
import { weightValues } from "../parity/families/training.ts";
import { openCase } from "../parity/recorded-case.ts";
import { executorOf } from "../parity/runner.ts";
import { openRunner } from "../parity/runners.ts";

const fixtures = new URL("../../fixtures/", import.meta.url);

/** One step of the recorded pre-training case on tfjs, from the case's weights or a saved training; what it saves. */
export async function recordedTraining(step: number, from?: Blob) {
  const recorded = await openCase("pretrain-step", async (path) => readFileSync(new URL(path, fixtures)));
  const config = parseConfig(recorded.json.config);
  const runner = await openRunner("tfjs");
  const [batch, length] = recorded.tensor("in.s0.input_ids").shape as readonly [number, number];
  const start = from
    ? await openState(await openSafetensors(byteSource(from, "saved training")))
    : {
        weights: await weightValues(recorded),
        counters: { queuePointer: (await recorded.weights()).get("queue_ptr")!.data[0]! },
      };
  using training = await createTrainingStep(executorOf(runner), {
    ...{ config, textPrefix: "text_encoder.bert", trains: () => true, draw: Math.random },
    task: pairTask({
      ...{ shape: { batch, length }, givenNegatives: true },
      objective: { ...PRETRAIN_OBJECTIVE, queueSize: config.queueSize, faithful: true },
    }),
    ...start,
  });
  const { lr } = recorded.field<{ readonly lr: number }>("optimizer");
  const { losses } = await training.run(batchOf(recorded, `s${step}`, config), {
    learningRate: lr,
    alpha: config.alpha,
  });
  return { losses, saved: await safetensorsBlob(await savedTensors(training.state)), learningRate: lr };
}
