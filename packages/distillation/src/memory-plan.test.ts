import { type Graph, programMemory, trace } from "@albef/core";
import { ALBEF_BASE, parameterSource, visionEncoder, visionParameters } from "@albef/encoder";
import { expect, test } from "vitest";
import { PRETRAIN_OBJECTIVE, RETRIEVAL_OBJECTIVE } from "./objective-options.ts";
import { pairTask } from "./pair-task.ts";
import { trainingGraph } from "./training-graph.ts";

const { vision } = ALBEF_BASE;

function imageEncoder(): Graph {
  return trace((tracer) => {
    const image = tracer.input("image", { dtype: "f32", shape: [8, 3, vision.imageSize, vision.imageSize] });
    const parameters = visionParameters(parameterSource(tracer), vision);
    return { embeds: visionEncoder(image, parameters, vision).imageEmbeds };
  });
}

function step(objective: typeof PRETRAIN_OBJECTIVE): Graph {
  const task = pairTask({ shape: { batch: 4, length: 30 }, objective });
  const model = { config: ALBEF_BASE, textPrefix: "text_encoder.bert" } as const;
  return trainingGraph({ ...model, task, trains: () => true }).graph;
}

test.each([
  ["the image encoder of ALBEF-base, 8 images", imageEncoder],
  ["a pre-training step of ALBEF-base", () => step(PRETRAIN_OBJECTIVE)],
  ["a retrieval step of ALBEF-base", () => step(RETRIEVAL_OBJECTIVE)],
])("intermediates of %s take at most 1.1 of what is alive at once", async (_, graph) => {
  const { intermediateBytes, aliveBytes } = await programMemory(graph());
  expect(aliveBytes).toBeGreaterThan(30e6);
  expect(intermediateBytes / aliveBytes).toBeLessThanOrEqual(1.1);
});
