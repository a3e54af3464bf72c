import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { beforeAll, expect, test } from "vitest";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
import { createTfjsExecutor } from "../executors/tfjs/executor.ts";
import { primitives as p } from "../graph/primitives.ts";
import { trace } from "../graph/trace.ts";
import { elementCount } from "../spec.ts";
import { expectClose } from "../testing/allclose.ts";
import { gaussian, testRandom } from "../testing/random.ts";

beforeAll(async () => {
  expect(await tf.setBackend("wasm")).toBe(true);
});

const CASES = {
  "weights stored transposed": { a: [5, 7], b: [3, 7], how: { transposeB: true } },
  "a gradient of weights": { a: [9, 4], b: [9, 6], how: { transposeA: true } },
  "both transposed, small batch": { a: [2, 3, 4, 5], b: [2, 3, 6, 4], how: { transposeA: true, transposeB: true } },
  "a batch that is cut": { a: [2, 3, 130, 96], b: [1, 3, 90, 96], how: { transposeB: true } },
} as const;

for (const [title, { a, b, how }] of Object.entries(CASES)) {
  test(`matmul on tfjs wasm: ${title}`, async () => {
    const graph = trace((tracer) => {
      const [x, y] = [tracer.input("a", { dtype: "f32", shape: a }), tracer.input("b", { dtype: "f32", shape: b })];
      return { product: p.matmul(x, y, how) };
    });
    const random = testRandom(7);
    const draw = (shape: readonly number[]) =>
      Float32Array.from({ length: elementCount(shape) }, () => gaussian()(random));
    const inputs = { a: draw(a), b: draw(b) };
    using executor = await createTfjsExecutor(tf);
    using program = await executor.compile(graph);
    const { product } = await program.run(inputs);
    expectClose("product", product!, evaluateF64(graph, { inputs }).product!.data, { atol: 1e-4, rtol: 1e-5 });
    expect(executor.memory().buffers).toBe(0);
  });
}
