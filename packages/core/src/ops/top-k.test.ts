import { expect, test } from "vitest";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
import { createTfjsExecutor } from "../executors/tfjs/executor.ts";
import { trace } from "../graph/trace.ts";
import { testRandom } from "../testing/random.ts";
import { topK } from "./top-k.ts";

function best(row: readonly number[], k: number): number[] {
  const order = (i: number, j: number) => row[j]! - row[i]! || j - i;
  return [...row.keys()].sort(order).slice(0, k);
}

test("long rows are searched in segments, with the order of a full sort", () => {
  const [rows, n, k] = [2, 70_001, 5];
  const random = testRandom(3);
  const values = Array.from({ length: rows * n }, () => Math.floor(random() * 20_000)); // equals within and across segments
  const graph = trace((tracer) => ({ ...topK(tracer.input("x", { dtype: "f32", shape: [rows, n] }), { k }) }));
  const found = evaluateF64(graph, { inputs: { x: Float32Array.from(values) } });
  const expected = Array.from({ length: rows }, (_, row) => best(values.slice(row * n, (row + 1) * n), k));
  expect(graph.nodes.filter((node) => node.op === "topK")).toHaveLength(2);
  expect([...found.indices!.data]).toEqual(expected.flat());
  expect([...found.values!.data]).toEqual(expected.flatMap((indices, row) => indices.map((i) => values[row * n + i])));
});

test("on the wasm backend every row has its own values", async () => {
  const tf = await import("@tensorflow/tfjs-core");
  await import("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  const [rows, n, k] = [4, 37, 8];
  const graph = trace((tracer) => ({ ...topK(tracer.input("x", { dtype: "f32", shape: [rows, n] }), { k }) }));
  const x = Float32Array.from({ length: rows * n }, testRandom(5));
  using executor = await createTfjsExecutor(tf);
  using program = await executor.compile(graph);
  const { values, indices } = await program.run({ x });
  const expected = evaluateF64(graph, { inputs: { x } });
  expect([...indices!]).toEqual([...expected.indices!.data]);
  expect([...values!]).toEqual([...expected.values!.data]);
});

test.each([
  [{ k: 0 }, [1, 5]],
  [{ k: 6 }, [1, 5]],
  [{ k: 1025 }, [1, 5000]],
  [{ k: 1.5 }, [1, 5]],
])("refuses %o of %o", ({ k }, shape) => {
  expect(() => trace((tracer) => ({ ...topK(tracer.input("x", { dtype: "f32", shape }), { k }) }))).toThrow(
    /topK: k must be 1 to \d+ for x f32/,
  );
});
