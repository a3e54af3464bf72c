import { DTypeError, ShapeError } from "../errors.ts";
import { definePrimitive, type Operands } from "../op.ts";
import { broadcastShapes, broadcastStrides } from "../shape.ts";
import { elementCount, formatSpec, type TensorSpec } from "../spec.ts";
import { matmulKernel } from "./matmul.wgsl.ts";

export interface MatmulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** a [..., m, k] times b [..., k, n], each optionally stored transposed; leading axes broadcast. f32 accumulation. */
export const matmulOp = definePrimitive<"a" | "b", never, MatmulAttrs>({
  name: "matmul",
  inputs: ["a", "b"],
  infer(inputs, attrs) {
    const { a, b } = inputs;
    if (a.dtype !== b.dtype) throw new DTypeError(`matmul: a is ${formatSpec(a)}, b is ${formatSpec(b)}`);
    const { m, n, k, inner } = extents(inputs, attrs);
    if (a.shape.length < 2 || b.shape.length < 2 || k !== inner) {
      throw new ShapeError(
        `matmul: a ${formatSpec(a)}${attrs.transposeA ? " transposed" : ""} and b ${formatSpec(b)}${attrs.transposeB ? " transposed" : ""} do not share their inner axis (${k} and ${inner})`,
      );
    }
    return [{ dtype: a.dtype, shape: [...batchShape(inputs), m, n] }];
  },
  vjp(p, { inputs: { a, b }, grads }, { transposeA, transposeB }) {
    const dy = grads[0]!;
    const da = transposeA
      ? p.matmul(b, dy, { transposeA: transposeB, transposeB: true })
      : p.matmul(dy, b, { transposeB: !transposeB });
    const db = transposeB
      ? p.matmul(dy, a, { transposeA: true, transposeB: transposeA })
      : p.matmul(a, dy, { transposeA: !transposeA });
    return { a: p.sumTo(da, a.shape), b: p.sumTo(db, b.shape) };
  },
  flops: ({ inputs, outputs }, attrs) => 2 * elementCount(outputs[0]!.shape) * extents(inputs, attrs).k,
  lower({ inputs, outputs }, attrs, adapter) {
    const batch = batchShape(inputs);
    const stride = (spec: TensorSpec) =>
      broadcastStrides(spec.shape.slice(0, -2), batch).map((s) => s * elementCount(spec.shape.slice(-2)));
    return matmulKernel(
      { a: inputs.a, b: inputs.b, y: outputs[0]! },
      { ...extents(inputs, attrs), ...attrs, batch, batchStridesA: stride(inputs.a), batchStridesB: stride(inputs.b) },
      adapter,
    );
  },
});

type Pair = Operands<"a" | "b", never, { readonly shape: readonly number[] }>;

export function extents({ a, b }: Pair, { transposeA, transposeB }: MatmulAttrs) {
  const [rowsA = 1, columnsA = 1] = a.shape.slice(-2);
  const [rowsB = 1, columnsB = 1] = b.shape.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  return { m, n, k, inner };
}

export function batchShape({ a, b }: Pair): number[] {
  const leading = (shape: readonly number[]): TensorSpec => ({ dtype: "f32", shape: shape.slice(0, -2) });
  return broadcastShapes("matmul", leading(a.shape), leading(b.shape));
}
