import { expect, test } from "vitest";
import { spreadOf } from "../run/statistics.ts";
import { goalsTable } from "./goals.ts";
import { type Costed, markdownTables, milliseconds, ratioToOurs } from "./table.ts";

const workload = { kind: "vit", size: "small", batch: 1, length: 10, imageSize: 256 } as const;
const row = (engine: string, median: number, rest: Partial<Costed> = {}): Costed => ({
  ...{
    workload,
    engine,
    version: "1.2.3",
    device: engine.endsWith("wasm") ? "wasm" : "webgpu",
    flops: 2e9,
    bytes: 4e6,
  },
  ...{ coldMs: 1234, agreement: { worst: 2e-7, worstName: "features" } },
  warm: { median, low: median * 0.9, high: median * 1.1, count: 5 },
  ...rest,
});
const rows = [
  row("tfjs webgpu", 2640),
  row("jax-js webgpu", 1040),
  row("albef.js webgpu", 250),
  row("albef.js wasm", 50),
];

test("medians and quartiles by hand", () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, low: 1.75, high: 3.25, count: 4 });
  expect(spreadOf([7])).toEqual({ median: 7, low: 7, high: 7, count: 1 });
  expect(() => spreadOf([])).toThrow(RangeError);
});

test("ratios are taken to our engine on the same kind of device", () => {
  expect(ratioToOurs(rows[0]!, rows)).toBeCloseTo(10.56);
  expect(ratioToOurs(row("onnxruntime-web wasm", 25), rows)).toBe(0.5);
  expect(ratioToOurs(rows[2]!, rows)).toBeUndefined();
  expect(ratioToOurs(row("tfjs webgpu", 1), [rows[3]!])).toBeUndefined();
});

test("a table has ours first, times people can read, and why an engine was not timed", () => {
  const { warm: _none, ...failed } = row("onnxruntime-web webgpu", 1, { problem: "differs from f64 by 1.0e+0" });
  expect(markdownTables([...rows.slice(0, 3), failed])).toMatchInlineSnapshot(`
    "### vit small, batch 1, 256 px

    2.00 GFLOP, 4.0 MB of operands and results.

    | engine | median | quartiles | slower than ours | GFLOP/s | dispatches | peak GPU | cold start | off f64 |
    | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | **albef.js webgpu** | 250 ms | 225 ms to 275 ms |  | 8.00 |  |  | 1.23 s | 2.0e-7 |
    | jax-js webgpu 1.2.3 | 1.04 s | 936 ms to 1.14 s | 4.16 x | 1.92 |  |  | 1.23 s | 2.0e-7 |
    | onnxruntime-web webgpu 1.2.3 | differs from f64 by 1.0e+0 |  |  |  |  |  |  |  |
    | tfjs webgpu 1.2.3 | 2.64 s | 2.38 s to 2.90 s | 10.56 x | 0.76 |  |  | 1.23 s | 2.0e-7 |"
  `);
  expect([milliseconds(0.126), milliseconds(12.6), milliseconds(Number.NaN)]).toEqual(["0.13 ms", "13 ms", ""]);
});

test("goals say reached, not reached, or nothing where they were not measured", () => {
  const lines = goalsTable([rows, [row("tfjs webgpu", 5000), row("albef.js webgpu", 250)]], {
    hostMs: 0.31,
    dispatchesPerBlock: 6,
  }).split("\n");
  const of = (name: string) =>
    lines
      .find((line) => line.includes(name))
      ?.split("|")
      .slice(2, -1)
      .map((cell) => cell.trim());
  expect(of("vit against jax-js")).toEqual(["4 x", "4.16 x", "reached"]);
  expect(of("vit against tfjs")).toEqual(["10 x", "10.56 x", "reached"]);
  expect(of("vit against onnxruntime-web webgpu")).toEqual(["10 x", "not measured", ""]);
  expect(of("host time")).toEqual(["at most 0.25 ms", "0.31 ms", "**not reached**"]);
  expect(of("dispatches per ViT block")).toEqual(["at most 6", "6", "reached"]);
  expect(of("bundle")).toEqual(["at most 60 kB", "not measured", ""]);
});
