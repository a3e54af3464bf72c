import { expect, test } from "vitest";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
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
