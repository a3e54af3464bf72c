import { expect, test } from "vitest";
import { evaluateF64 } from "../executors/f64/evaluate.ts";
import { primitives as p } from "../graph/primitives.ts";
import { trace } from "../graph/trace.ts";
import { grad, stopGradient, valueAndGrad } from "./grad.ts";

const scalar = { dtype: "f32", shape: [] } as const;

test("value and gradients by name; none flows through stopGradient", () => {
  const graph = trace((tracer) => {
    const [a, b] = [tracer.input("a", scalar), tracer.input("b", scalar)];
    const { value, grads } = valueAndGrad((w: { a: typeof a; b: typeof b }) => p.mul(p.mul(w.a, w.a), w.b))({ a, b });
    const blocked = grad((w: { a: typeof a }) => p.mul(stopGradient(p.mul(w.a, w.a)), w.a))({ a });
    return { value, da: grads.a, db: grads.b, blocked: blocked.a };
  });
  const results = evaluateF64(graph, { inputs: { a: Float32Array.of(3), b: Float32Array.of(5) } });
  expect(Object.entries(results).map(([name, { data }]) => [name, data[0]])).toEqual([
    ["value", 45], // a² b
    ["da", 30],
    ["db", 9],
    ["blocked", 9],
  ]);
});

test("zeros where the loss does not depend, and errors that name the fault", () => {
  trace((tracer) => {
    const [a, wide] = [tracer.input("a", scalar), tracer.input("wide", { dtype: "f32", shape: [2] })];
    const zeros = grad((w: { wide: typeof wide }) => (w.wide.shape.length === 1 ? p.mul(a, a) : a))({ wide });
    expect(zeros.wide.shape).toEqual([2]);
    expect(() => grad((w: { wide: typeof wide }) => w.wide)({ wide })).toThrow(
      "the loss must be one number, got f32[2]",
    );
    trace((other) => {
      const foreign = other.input("foreign", scalar);
      expect(() => grad(() => a)({ foreign })).toThrow("tensor 0 of wrt belongs to another graph");
      return { foreign };
    });
    return { a };
  });
});
