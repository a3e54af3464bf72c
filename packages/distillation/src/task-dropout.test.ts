import { expect, test } from "vitest";
import { entailmentTask } from "./entailment-task.ts";
import { nlvrTask } from "./nlvr-task.ts";
import type { TrainingTask } from "./task.ts";
import { tinyConfig } from "./testing/tiny.ts";
import { trainingGraph } from "./training-graph.ts";
import { vqaTask } from "./vqa-task.ts";

const config = { ...tinyConfig, text: { ...tinyConfig.text, hiddenDropout: 0.1, attentionDropout: 0.1 } };
const shape = { batch: 2, length: 6 };
const vqaShape = { ...shape, answers: 3, answerLength: 4 };
const given = { distill: true } as const;

const tasks = {
  entailment: (faithful: boolean) => entailmentTask({ shape, faithful, ...given }),
  nlvr: (faithful: boolean) => nlvrTask({ shape, faithful, ...given }),
  vqa: (faithful: boolean) => vqaTask({ shape: vqaShape, faithful, ...given }),
} satisfies Readonly<Record<string, (faithful: boolean) => TrainingTask>>;

const dropsIn = (task: TrainingTask, dropping = config) => {
  const model = { config: dropping, textPrefix: "text_encoder", trains: () => true } as const;
  const { graph } = trainingGraph({ ...model, task });
  return graph.nodes.filter(({ op }) => op === "dropout").length;
};

test.each(Object.keys(tasks) as (keyof typeof tasks)[])(
  "%s: the network that learns drops, its teacher only where it is faithful",
  (name) => {
    const { numLayers, fusionLayer } = config.text;
    const fusion = (numLayers - fusionLayer) * (name === "nlvr" ? 2 : 1);
    const decoder = name === "vqa" ? numLayers - fusionLayer : 0;
    // The embeddings; two dense outputs of a text layer, three of one with cross-attention.
    const forward = 1 + 2 * fusionLayer + 3 * fusion + (decoder > 0 ? 1 + 3 * decoder : 0);
    const careful = dropsIn(tasks[name](false));
    expect(careful).toBe(2 * forward); // forward and backward
    expect(dropsIn(tasks[name](true))).toBe(careful + forward);
    expect(dropsIn(tasks[name](true), tinyConfig)).toBe(0);
  },
);
