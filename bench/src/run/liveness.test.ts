import { add, linear, reshape, trace } from "@albef/core";
import { expect, test } from "vitest";
import { livenessBound } from "./liveness.ts";

test("the bound counts what lives at once, views with what they look at, neither inputs nor outputs", () => {
  const graph = trace((tracer) => {
    const x = tracer.input("x", { dtype: "f32", shape: [64, 64] });
    const weight = tracer.parameter("w", { dtype: "f32", shape: [128, 64] });
    const wide = linear(x, weight); // 32 KiB, read last
    const narrow = linear(reshape(x, [64, 64]), tracer.parameter("v", { dtype: "f32", shape: [64, 64] })); // 16 KiB
    const again = add(narrow, 1); // 16 KiB beside narrow and wide
    return { y: add(add(reshape(wide, [2, 64, 64]), again), 1) };
  });
  // while the first sum of y is made: wide, again, and the sum
  expect(livenessBound(graph)).toBe((32 + 16 + 32) * 1024);
});
