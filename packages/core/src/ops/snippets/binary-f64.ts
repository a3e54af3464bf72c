import type { F64Array } from "../../op.ts";
import { broadcastStrides } from "../../shape.ts";
import { elementCount, type TensorSpec } from "../../spec.ts";

/** An elementwise function of two operands broadcast against each other. */
export function binaryF64(f: (u: number, v: number) => number) {
  return ({ a, b }: Readonly<Record<"a" | "b", F64Array>>, _attrs: object, outputs: readonly TensorSpec[]) => {
    const shape = outputs[0]!.shape;
    const left = indexer(a.shape, shape);
    const right = indexer(b.shape, shape);
    return [Float64Array.from({ length: elementCount(shape) }, (_, i) => f(a.data[left(i)]!, b.data[right(i)]!))];
  };
}

/** Output index -> operand index, under broadcasting. */
function indexer(shape: readonly number[], target: readonly number[]): (i: number) => number {
  const strides = broadcastStrides(shape, target);
  return (i) => {
    let rest = i;
    let index = 0;
    for (let axis = target.length - 1; axis >= 0; axis--) {
      index += (rest % target[axis]!) * strides[axis]!;
      rest = Math.floor(rest / target[axis]!);
    }
    return index;
  };
}
