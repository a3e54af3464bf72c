import { expect, test } from "vitest";
import { trace } from "../graph/trace.ts";
import { type CrossEntropyTargets, crossEntropy } from "./cross-entropy.ts";

const matrix = { dtype: "f32", shape: [2, 3] } as const;

test.each([
  ["no target", [], "give labels, targets or a teacher"],
  ["both kinds of hard target", ["labels", "targets"], "give labels or targets, not both"],
  ["a teacher whose share is not given", ["labels", "teacher"], "alpha mixes a teacher with labels or targets"],
  ["alpha with nothing to mix", ["teacher", "alpha"], "alpha mixes a teacher with labels or targets"],
])("%s is refused", (_title, names, message) => {
  const wrong = () =>
    trace((tracer) => {
      const all = {
        labels: tracer.input("labels", { dtype: "i32", shape: [2] }),
        targets: tracer.input("targets", matrix),
        teacher: tracer.input("teacher", matrix),
        alpha: tracer.input("alpha", { dtype: "f32", shape: [] }),
      };
      const given = Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
      return { y: crossEntropy(tracer.input("logits", matrix), given as CrossEntropyTargets) };
    });
  expect(wrong).toThrow(message);
});

test("labels of another count are named", () => {
  trace((tracer) => {
    const labels = tracer.input("labels", { dtype: "i32", shape: [3] });
    const logits = tracer.input("logits", matrix);
    expect(() => crossEntropy(logits, { labels })).toThrow("crossEntropy: labels must have shape [2], got i32[3]");
    return { logits };
  });
});
