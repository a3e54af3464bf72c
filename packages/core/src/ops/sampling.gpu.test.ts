import { describeOp, uniform } from "../testing/index.ts";
import { categoricalOp } from "./categorical.ts";
import { queueWriteOp } from "./queue-write.ts";

const queue = (width: number, length: number, batch: number) => ({
  shapes: { queue: [width, length], features: [batch, width], pointer: [1] },
  dtypes: { pointer: "i32" } as const,
  gradients: false,
});

describeOp(queueWriteOp, {
  "two columns from the pointer on": {
    ...queue(2, 4, 2),
    values: { queue: [1, 2, 3, 4, 5, 6, 7, 8], features: [10, 20, 30, 40], pointer: [1] },
    expect: [1, 10, 30, 4, 5, 20, 40, 8],
  },
  "past the end it goes on at the front": {
    ...queue(1, 3, 2),
    values: { queue: [1, 2, 3], features: [10, 20], pointer: [2] },
    expect: [20, 2, 10],
  },
  "as long as the queue": { ...queue(5, 7, 7), values: { pointer: [3] } },
  "wide and long": { ...queue(24, 130, 9), values: { pointer: [125] } },
});

describeOp(categoricalOp, {
  "weights of 0 are never drawn": {
    shapes: { weights: [4, 3], uniforms: [4] },
    values: { weights: [0, 1, 0, 1, 0, 3, 2, 2, 0, 0, 0, 1], uniforms: [0, 0.2, 0.9999, 0.5] },
    expect: [1, 0, 1, 2],
    gradients: false,
  },
  "many rows": {
    shapes: { weights: [70, 33], uniforms: [70] },
    fill: { weights: uniform(0, 1), uniforms: uniform(0, 1) },
    adapter: { maxWorkgroupsPerDimension: 2 },
    gradients: false,
  },
});
