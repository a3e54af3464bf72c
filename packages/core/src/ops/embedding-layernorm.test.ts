import { expect, test } from "vitest";
import { gradients } from "../autodiff/backward.ts";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
import { primitives as p } from "../graph/primitives.ts";
import { trace } from "../graph/trace.ts";
import { embeddingLayerNorm } from "./embedding-layernorm.ts";

const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });

function lookups(tokens: number) {
  return trace((tracer) => {
    const ids = tracer.input("ids", { dtype: "i32", shape: [1, tokens] });
    const word = tracer.input("word", f32(4, 3));
    const rows = [f32(3, 3), f32(2, 3), f32(3), f32(3)].map((spec, i) => tracer.input(`t${i}`, spec));
    const [position, tokenType, weight, bias] = rows as [typeof ids, typeof ids, typeof ids, typeof ids];
    const y = embeddingLayerNorm(ids, word, position, tokenType, weight, bias, { eps: 1e-12 });
    const loss = p.reshape(p.sum(p.mul(y, y), [0, 1, 2]), []);
    return { dWord: gradients(loss, [word])[0]! };
  });
}

test("padding_idx 0: a lookup of id 0 teaches its row nothing, other rows learn", () => {
  const inputs = {
    ids: Int32Array.of(0, 2, 0),
    word: Float32Array.of(1, 2, 4, 0, 1, 0, 3, -1, 1, 5, 5, 6),
    t0: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
    t1: Float32Array.of(0, 0, 1, 9, 9, 9),
    t2: Float32Array.of(1, 2, 3),
    t3: Float32Array.of(0.1, 0.2, 0.3),
  };
  const { dWord } = evaluateF64(lookups(3), { inputs });
  const row = (i: number) => [...dWord!.data.subarray(3 * i, 3 * i + 3)].map(Math.abs);
  expect(Math.max(...row(0), ...row(1), ...row(3))).toBe(0);
  expect(Math.max(...row(2))).toBeGreaterThan(0.01);
});

test("refuses a text longer than the position table", () => {
  expect(() => lookups(4)).toThrow("embeddingLayerNorm: 4 tokens need as many positions, the table has 3");
});
