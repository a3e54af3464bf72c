import { expect, test } from "vitest";
import { primitives as p } from "../../graph/primitives.ts";
import { trace } from "../../graph/trace.ts";
import { createWebGpuExecutor } from "./executor.ts";

const spec = { dtype: "f32", shape: [4] } as const;
const squared = () =>
  trace((tracer) => {
    const x = tracer.input("x", spec);
    return { y: p.mul(x, x) };
  });

test("in a browser: a refused call and a lost device fail the run that they belong to", async () => {
  using executor = await createWebGpuExecutor();
  const uncaught: GPUError[] = [];
  executor.device.addEventListener("uncapturederror", ({ error }) => uncaught.push(error));
  using program = await executor.compile(squared());
  const x = Float32Array.of(1, 2, 3, 4);
  const freed = executor.tensor(spec, x);
  freed.dispose();
  await expect(program.run({ x: freed })).rejects.toThrow(/^run: WebGPU: validation: .*destroyed/s);
  expect(await program.run({ x })).toEqual({ y: Float32Array.of(1, 4, 9, 16) });
  const running = program.run({ x });
  executor.device.destroy();
  await expect(running).rejects.toThrow(/^run: device lost: destroyed/);
  await expect(executor.compile(squared())).rejects.toThrow(/^compile: device lost: destroyed/);
  using next = await createWebGpuExecutor();
  using again = await next.compile(squared());
  expect(await again.run({ x })).toEqual({ y: Float32Array.of(1, 4, 9, 16) });
  expect(uncaught).toEqual([]);
});
