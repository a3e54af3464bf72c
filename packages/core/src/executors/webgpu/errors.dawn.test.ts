import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { DeviceError } from "../../errors.ts";
import type { NamedTensor } from "../../executor.ts";
import { primitives as p } from "../../graph/primitives.ts";
import { trace } from "../../graph/trace.ts";
import { createWebGpuExecutor, type WebGpuExecutor } from "./executor.ts";

const MIB = 2 ** 20;

let gpus: Readonly<Record<"working" | "small", GPU>>; // held: Dawn crashes once its GPU object is collected
beforeAll(() => {
  Object.assign(globalThis, globals);
  gpus = { working: create([]), small: create(["backend=null"]) }; // the latter computes nothing and holds 512 MiB
});

let executor: WebGpuExecutor;
let uncaught: string[];
async function open(kind: keyof typeof gpus): Promise<WebGpuExecutor> {
  const opened = await createWebGpuExecutor({ gpu: gpus[kind] });
  opened.device.addEventListener("uncapturederror", ({ error }) => uncaught.push(error.message));
  return opened;
}
beforeEach(() => {
  uncaught = [];
});
afterEach(() => {
  executor.dispose();
  expect(uncaught).toEqual([]); // all that went wrong was told to who asked for it
});

const vector = (count: number) => ({ dtype: "f32", shape: [count] }) as const;
const doubled = (count: number) => trace((tracer) => ({ y: twice(tracer.input("x", vector(count))) }));
const twice = (x: Parameters<typeof p.add>[0]) => p.add(x, x);

function* weights(count: number, onTensor: (index: number) => void = () => undefined): Generator<NamedTensor> {
  const data = new Float32Array((128 * MIB) / 4);
  for (let i = 0; i < count; i++) {
    onTensor(i);
    yield { name: `w${i}`, ...vector(data.length), data };
  }
}

describe("memory that runs out", () => {
  beforeEach(async () => {
    executor = await open("small");
  });

  test("in the middle of an upload: it is told, and what was made is freed", async () => {
    const before = executor.memory();
    const uploading = executor.upload(weights(6));
    await expect(uploading).rejects.toThrow(DeviceError);
    await expect(uploading).rejects.toThrow(/^weights \d: WebGPU: out-of-memory: .*; free memory/s);
    expect(executor.memory()).toEqual(before);
    using store = await executor.upload(weights(1));
    expect(store.specs.size).toBe(1);
  });

  test("while a program is made, and for its results: it is told, and what was made is freed", async () => {
    const count = (112 * MIB) / 4; // twice in a program, for its input and its output
    using first = await executor.compile(doubled(count));
    using second = await executor.compile(doubled(count));
    const full = executor.memory();
    await expect(executor.compile(doubled(count))).rejects.toThrow(/^compile: WebGPU: out-of-memory/);
    await expect(second.run({ x: new Float32Array(count) })).rejects.toThrow(/^run: WebGPU: out-of-memory/);
    expect(executor.memory()).toEqual(full);
    first.dispose();
    expect(Object.keys(await second.run({ x: new Float32Array(count) }))).toEqual(["y"]);
  });
});

describe("calls that the device refuses", () => {
  test("fail the run that made them, not the next one", async () => {
    executor = await open("working");
    using program = await executor.compile(doubled(4));
    const x = Float32Array.of(1, 2, 3, 4);
    const freed = executor.tensor(vector(4), x);
    freed.dispose();
    await expect(program.run({ x: freed })).rejects.toThrow(/^run: WebGPU: validation: .*destroyed/s);
    const unusable = executor.device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST });
    await expect(program.run({ x: executor.wrap(vector(4), unusable) })).rejects.toThrow(/^run: WebGPU: validation/);
    await expect(executor.wrap(vector(4), unusable).read()).rejects.toThrow(/^read: WebGPU: validation/);
    expect(await program.run({ x })).toEqual({ y: Float32Array.of(2, 4, 6, 8) });
  });

  test("of other code on the page's device are not ours", async () => {
    const adapter = await gpus.working.requestAdapter();
    const device = await adapter!.requestDevice();
    executor = await createWebGpuExecutor({ device });
    const others: string[] = [];
    device.addEventListener("uncapturederror", ({ error }) => others.push(error.message));
    using program = await executor.compile(doubled(4));
    const running = program.run({ x: Float32Array.of(1, 2, 3, 4) });
    device.createBuffer({ size: 16, usage: 0 });
    expect(await running).toEqual({ y: Float32Array.of(2, 4, 6, 8) });
    expect(others).toHaveLength(1);
    device.destroy();
  });
});

describe("a device that is lost", () => {
  beforeEach(async () => {
    executor = await open("working");
  });

  test("on arrival", async () => {
    executor.device.destroy();
    await expect(executor.upload(weights(1))).rejects.toThrow(/^weights 0: device lost: destroyed/);
    await expect(executor.compile(doubled(4))).rejects.toThrow(/^compile: device lost: destroyed/);
    await expect(executor.tensor(vector(4), new Float32Array(4)).read()).rejects.toThrow(/^read: device lost/);
  });

  test("in the middle of an upload", async () => {
    const uploading = executor.upload(weights(3, (i) => i === 2 && executor.device.destroy()));
    await expect(uploading).rejects.toThrow(/^weights \d: device lost: destroyed/);
    expect(executor.memory().buffers).toBe(0);
  });

  test.each([{ read: ["y"] }, { read: [] }])("in the middle of a run that reads $read", async ({ read }) => {
    using program = await executor.compile(doubled(4));
    const running = program.run({ x: new Float32Array(4) }, { read });
    const waiting = program.run({ x: new Float32Array(4) }, { read });
    executor.device.destroy();
    await expect(running).rejects.toThrow(/^run: device lost: destroyed/);
    await expect(waiting).rejects.toThrow(DeviceError);
  });
});
