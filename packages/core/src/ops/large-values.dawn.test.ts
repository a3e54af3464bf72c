import { create, globals } from "webgpu";
import { describeOp, gaussian, type OpCase } from "../testing/index.ts";
import { l2NormalizeOp } from "./l2-normalize.ts";
import { layerNormOp } from "./layernorm.ts";
import { softmaxOp } from "./softmax.ts";

const gpu = create([]);
Object.assign(globalThis, globals, { gpu }); // kept: a device dies with the object that made it

/** Halves end at 65504: the square of 300 is more, and the sum of 768 of them by far. Statistics are taken in 32 bits. */
const half = { gpu, float: "f16" } as const;
const around = (magnitude: number) => (random: () => number) =>
  (random() < 0.5 ? -1 : 1) * magnitude * (1 + 0.01 * random());

function both(opCase: OpCase): Record<string, OpCase> {
  return { "as a CPU runs it": opCase, "as a GPU runs it": { ...opCase, adapter: { isCpu: false } } };
}

const row = { x: [3, 768], weight: [768], bias: [768] };
describeOp(layerNormOp, both({ shapes: row, fill: { x: around(1000) }, attrs: { eps: 1e-6 } }), half);
describeOp(layerNormOp, both({ shapes: row, fill: { x: around(60_000) }, attrs: { eps: 1e-6 } }), half);
describeOp(l2NormalizeOp, both({ shapes: { x: [3, 256] }, fill: { x: around(1000) }, attrs: { eps: 1e-12 } }), half);
describeOp(softmaxOp, both({ shapes: { x: [3, 256] }, fill: { x: gaussian(0, 1000) } }), half);
