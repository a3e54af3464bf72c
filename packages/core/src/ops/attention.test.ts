import { expect, test } from "vitest";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
import type { Tensor } from "../graph/tensor.ts";
import { trace, tracerOf } from "../graph/trace.ts";
import { gradcheck } from "../testing/gradcheck.ts";
import { gaussian, testRandom } from "../testing/random.ts";
import { attention } from "./attention.ts";

const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });

function draw(count: number, seed: number): Float64Array {
  const random = testRandom(seed);
  return Float64Array.from({ length: count }, () => gaussian()(random));
}

function maskOf(like: Tensor, keep: readonly number[], keys: number): Tensor {
  return tracerOf(like.tape).constant(f32(keep.length / keys, keys), Float32Array.from(keep));
}

test("gradients under a padding mask and the causal order", () => {
  const specs = { query: f32(2, 5, 6), key: f32(2, 5, 6), value: f32(2, 5, 6) };
  const values = { query: draw(60, 1), key: draw(60, 2), value: draw(60, 3) };
  gradcheck(specs, values, ({ query, key, value }) => [
    attention(query!, key!, value!, {
      heads: 2,
      headDim: 3,
      scale: 0.5,
      causal: true,
      mask: maskOf(query!, [1, 1, 1, 0, 0, 1, 1, 1, 1, 0], 5),
    }),
  ]);
});

test("one packed tensor as query, key and value gets the sum of three gradients", () => {
  gradcheck({ packed: f32(1, 4, 14) }, { packed: draw(56, 4) }, ({ packed }) => [
    attention(packed!, packed!, packed!, {
      heads: 2,
      headDim: 2,
      scale: 0.7,
      queryOffset: 1,
      keyOffset: 5,
      valueOffset: 10,
    }),
  ]);
});

test("a fully masked row keeps its softmax under -10000 and is uniform under -1e9", () => {
  const context = (maskValue: number) => {
    const graph = trace((tracer) => ({
      y: attention(tracer.input("q", f32(1, 1, 1)), tracer.input("k", f32(1, 2, 1)), tracer.input("v", f32(1, 2, 1)), {
        heads: 1,
        headDim: 1,
        scale: 1,
        maskValue,
        mask: tracer.constant(f32(1, 2), new Float32Array(2)),
      }),
    }));
    const inputs = { q: Float32Array.of(1), k: Float32Array.of(0, Math.log(3)), v: Float32Array.of(0, 4) };
    return evaluateF64(graph, { inputs }).y!.data[0];
  };
  expect(context(-10000)).toBeCloseTo(3, 6);
  expect(context(-1e9)).toBeCloseTo(2, 6);
});

test.each([
  [{ headDim: 129 }, /headDim must be 1 to 128, got 129/],
  [{ heads: 3 }, /query f32\[1,2,8\] does not hold 3 heads of 4 from offset 0 on/],
  [{ keyOffset: 1 }, /key f32\[1,2,8\] does not hold 2 heads of 4 from offset 1 on/],
  [{ valueOffset: -4 }, /value f32\[1,2,8\] does not hold/],
])("refuses %o", (options, message) => {
  const build = () =>
    trace((tracer) => {
      const x = tracer.input("x", f32(1, 2, 8));
      return { y: attention(x, x, x, { heads: 2, headDim: 4, scale: 1, ...options }) };
    });
  expect(build).toThrow(message);
});
