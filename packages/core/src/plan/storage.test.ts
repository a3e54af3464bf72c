import { expect, test } from "vitest";
import type { Tensor } from "../graph/tensor.ts";
import { trace } from "../graph/trace.ts";
import { inferenceOps } from "../ops/inference.ts";
import { layerNorm } from "../ops/layernorm.ts";
import { linear } from "../ops/linear.ts";
import { planArenas, type Step } from "./arenas.ts";
import { planStorage } from "./storage.ts";

const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });

/** Which linear nodes of a model overwrite their residual. */
function inPlace(model: (x: Tensor, w: Tensor) => Readonly<Record<string, Tensor>>): boolean[] {
  const graph = trace((tracer) => model(tracer.input("x", f32(4, 8)), tracer.parameter("w", f32(8, 8))));
  const { roots, overwritten } = planStorage(graph, inferenceOps);
  return graph.nodes
    .filter(({ op }) => op === "linear")
    .map((node) => {
      const shares = roots.get(node.outputs[0]!) === roots.get(node.inputs.residual ?? -1);
      expect(overwritten.has(node)).toBe(shares);
      return shares;
    });
}

test("a residual sum takes the residual's place where nothing reads it later", () => {
  expect(
    inPlace((x, w) => {
      const first = linear(x, w);
      const second = linear(linear(first, w), w, { residual: first });
      return { y: linear(second, w) };
    }),
  ).toEqual([false, false, true, false]);
});

test("inputs, results, and what is read later are left as they are", () => {
  const never = [
    (x: Tensor, w: Tensor) => ({ y: linear(linear(x, w, { residual: x }), w) }),
    (x: Tensor, w: Tensor) => {
      const first = linear(x, w);
      return { first, y: linear(linear(x, w, { residual: first }), w) };
    },
    (x: Tensor, w: Tensor) => {
      const first = linear(x, w);
      const second = linear(x, w, { residual: first });
      return { y: linear(second, w, { residual: linear(first, w) }) };
    },
    (x: Tensor, w: Tensor) => {
      const first = linear(x, w);
      return { y: linear(linear(first, w, { residual: first }), w) };
    },
  ];
  for (const model of never) expect(inPlace(model)).not.toContain(true);
});

test("the wider or narrower residual of a half-precision sum keeps its place", () => {
  const graph = trace((tracer) => {
    const weight = tracer.parameter("w", { dtype: "f16", shape: [8, 8] });
    const half = linear(tracer.input("x", { dtype: "f16", shape: [4, 8] }), weight);
    const wide = layerNorm(tracer.input("z", f32(4, 8)), tracer.parameter("g", f32(8)), tracer.parameter("b", f32(8)), {
      eps: 0,
    });
    return { y: linear(linear(half, weight, { residual: wide }), weight) };
  });
  expect(planStorage(graph, inferenceOps).overwritten.size).toBe(0);
});

test("what a dispatch reads lies in no arena that it writes, even where it writes in place", () => {
  // 1 is made, then 2 from it, then 3 from 2 written over 1.
  const steps: Step[] = [
    { reads: [], writes: [1] },
    { reads: [1], writes: [2] },
    { reads: [2, 1], writes: [1] },
    { reads: [1], writes: [3] },
  ];
  const { placements, arenaBytes, lowerBoundBytes } = planArenas(steps, () => 100, { alignment: 4 });
  for (const { reads, writes } of steps) {
    for (const written of writes)
      for (const read of reads)
        if (read !== written) expect(placements.get(read)!.arena).not.toBe(placements.get(written)!.arena);
  }
  expect([arenaBytes, lowerBoundBytes]).toEqual([[100, 100], 200]);
});

test("an arena stays within the largest buffer", () => {
  const steps: Step[] = [1, 2, 3].map((root) => ({ reads: [], writes: [root] }));
  const together = [...steps, { reads: [1, 2, 3], writes: [] }];
  expect(planArenas(together, () => 100, { alignment: 4 }).arenaBytes).toEqual([300]);
  expect(planArenas(together, () => 100, { alignment: 4, maxBytes: 200 }).arenaBytes).toEqual([200, 100]);
});
