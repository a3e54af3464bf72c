import { bindings } from "../bindings.ts";
import { ShapeError } from "../errors.ts";
import { apply } from "../graph/apply.ts";
import type { Tensor } from "../graph/tensor.ts";
import { defineFused } from "../op.ts";
import { expectDType, expectRank, expectShape } from "../shape.ts";
import { elementCount, formatSpec } from "../spec.ts";
import { wgsl } from "../wgsl.ts";
import { floor } from "./floor.ts";
import { inPlaceKernel } from "./snippets/in-place.ts";

/** Columns pointer, pointer + 1, ... (modulo the length) of queue [width, length] become the rows of features [batch, width]. */
export const queueWriteOp = defineFused<"queue" | "features" | "pointer">({
  name: "queueWrite",
  inputs: ["queue", "features", "pointer"],
  inPlace: ["queue"],
  effect: true,
  infer({ queue, features, pointer }) {
    expectDType("queueWrite", "queue", queue, ["f32"]);
    expectDType("queueWrite", "features", features, ["f32"]);
    expectDType("queueWrite", "pointer", pointer, ["i32"]);
    expectRank("queueWrite", "queue", queue, 2);
    expectShape("queueWrite", "features", features, [features.shape[0] ?? 0, queue.shape[0]!]);
    expectShape("queueWrite", "pointer", pointer, [1]);
    if (features.shape[0]! > queue.shape[1]!) {
      throw new ShapeError(
        `queueWrite: ${features.shape[0]} rows do not fit the queue ${formatSpec(queue)}; use a longer queue or a smaller batch`,
      );
    }
    return [queue];
  },
  define(p, { queue, features, pointer }) {
    const [width, length] = queue.shape as readonly [number, number];
    const batch = features.shape[0]!;
    const ahead = p.sub(p.iota(queue, [length], 0), p.cast(pointer, "f32"));
    // The half keeps the quotient off whole numbers, where rounding of the division would decide.
    const turns = floor(p.div(p.add(ahead, 0.5), length));
    const row = p.sub(ahead, p.mul(turns, length));
    const isNew = p.greater(p.fill(row, [length], batch - 0.5), row);
    const taken = p.transpose(p.gather(features, p.cast(p.mul(row, isNew), "i32")), [1, 0]); // [width, length]
    const kept = p.mul(queue, p.broadcastTo(p.sub(p.fill(row, [length], 1), isNew), [width, length]));
    return [p.add(kept, p.mul(taken, isNew))];
  },
  flops: ({ inputs }) => elementCount(inputs.features.shape),
  lower({ inputs }, _attrs, adapter) {
    const [width, length] = inputs.queue.shape as readonly [number, number];
    const declarations = bindings(inputs, {}, { inPlace: ["queue"] });
    const body = wgsl`
      let column = (u32(pointer[0]) + i / ${width}u) % ${length}u;
      queue[i % ${width}u * ${length}u + column] = features[i];`;
    return inPlaceKernel({ declarations, count: elementCount(inputs.features.shape), adapter, body });
  },
});

/**
 * Writes features [batch, width] over the columns of queue [width, length] from pointer i32 [1] (0 to length - 1) on;
 * past the end it goes on at column 0. In place. Throws ShapeError where the batch is longer than the queue.
 */
export function queueWrite(queue: Tensor, features: Tensor, pointer: Tensor): Tensor {
  return apply(queueWriteOp, { queue, features, pointer }, {})[0]!;
}
