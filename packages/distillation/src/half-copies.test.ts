import { graphCosts, sizeBytes } from "@albef/core";
import { ALBEF_BASE } from "@albef/encoder";
import { expect, test } from "vitest";
import { PRETRAIN_OBJECTIVE, RETRIEVAL_OBJECTIVE } from "./objective-options.ts";
import { pairTask } from "./pair-task.ts";
import { trainingGraph } from "./training-graph.ts";

const UPDATE_BYTES = 36; // by AdamW with its teacher, of each value: 20 read, 16 written
const COPIES_BYTES = 4; // 2 of the weight, 2 of its teacher

/** Why `precision: "f16"` has no 16-bit copies of the weights: see docs/fine-tune.md. */
test.each([
  ["retrieval", RETRIEVAL_OBJECTIVE, 0.022],
  ["pre-training", PRETRAIN_OBJECTIVE, 0.051],
] as const)(
  "%s, 8 pairs, ALBEF-base in 16 bits: copies of the weights would save few bytes and take 0.84 GB",
  async (_name, objective, share) => {
    const { graph, trainable } = trainingGraph({
      ...{ config: ALBEF_BASE, textPrefix: "text_encoder.bert", trains: () => true, precision: "f16" },
      task: pairTask({ shape: { batch: 8, length: 30 }, objective }),
    });
    const learnt = new Set(Object.entries(graph.parameters).flatMap(([name, id]) => (/queue/.test(name) ? [] : [id])));
    const read = graph.nodes.flatMap(({ inputs }) => Object.values(inputs).filter((id) => learnt.has(id)));
    const readBytes = read.reduce((sum, id) => sum + sizeBytes(graph.values[id]!), 0);
    const count = [...trainable.values()].reduce(
      (sum, shape) => sum + shape.reduce((size, extent) => size * extent, 1),
      0,
    );
    const moved = (await graphCosts(graph)).reduce((sum, { bytes }) => sum + bytes, 0) + UPDATE_BYTES * count;
    const copies = COPIES_BYTES * count;
    expect(copies / 1e9).toBeCloseTo(0.84, 2);
    expect((readBytes / 2 - copies) / moved).toBeCloseTo(share, 2);
  },
);
