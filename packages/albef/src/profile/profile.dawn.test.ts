import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Albef } from "../albef.ts";
import { rooflineShare } from "./roofline.ts";

const mini = fileURLToPath(new URL("../../../../weights/albef-mini", import.meta.url));

test("model.profile: every part, kernel by kernel, in a file that trace viewers open", async () => {
  using model = await Albef.fromPretrained(mini, { device: "webgpu" });
  const profile = await model.profile({ length: 8 });
  expect(new Set(profile.kernels.map(({ part }) => part))).toEqual(new Set(["image", "text", "keys", "match"]));
  expect(profile.kernels.map(({ op }) => op)).toEqual(
    expect.arrayContaining(["patchEmbedding", "attention", "linear"]),
  );
  for (const kernel of profile.kernels) {
    expect(kernel.ns).toBeGreaterThanOrEqual(0); // shorter than a tick of the clock
    expect(kernel.bytes).toBeGreaterThan(0);
    expect(kernel.rooflineShare === undefined).toBe(kernel.ns === 0);
  }
  expect(profile.peak.flopsPerSecond).toBeGreaterThan(1e8);
  expect(profile.peak.bytesPerSecond).toBeGreaterThan(1e8);
  expect(profile.byOp[0]!.ns).toBeGreaterThan(0);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  expect(sum(profile.byOp.map(({ ns }) => ns))).toBeCloseTo(sum(profile.kernels.map(({ ns }) => ns)));
  const { traceEvents } = JSON.parse(await profile.traceFile().text());
  const slices = traceEvents.filter(({ ph }: { ph: string }) => ph === "X");
  expect(slices).toHaveLength(profile.kernels.length);
  expect(slices[0]).toMatchObject({ name: profile.kernels[0]!.op, tid: 1, dur: profile.kernels[0]!.ns / 1000 });
  expect(traceEvents).toContainEqual({ ph: "M", pid: 1, tid: 1, name: "thread_name", args: { name: "image" } });
});

test("the roofline is the slower of arithmetic and memory", () => {
  const peak = { flopsPerSecond: 1e9, bytesPerSecond: 1e8 };
  expect(rooflineShare({ flops: 1000, bytes: 1, ns: 2000 }, peak)).toBeCloseTo(0.5);
  expect(rooflineShare({ flops: 1, bytes: 100, ns: 1000 }, peak)).toBeCloseTo(1);
  expect(rooflineShare({ flops: 1, bytes: 100, ns: 0 }, peak)).toBeUndefined();
});
