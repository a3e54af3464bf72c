import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { create, globals } from "webgpu";
import { primitives as p } from "../../graph/primitives.ts";
import { trace } from "../../graph/trace.ts";
import { linear } from "../../ops/linear.ts";
import { softmax } from "../../ops/softmax.ts";
import { createWebGpuExecutor, type WebGpuExecutor } from "./executor.ts";

const MAKERS = [
  ...["createBuffer", "createBindGroup", "createBindGroupLayout", "createPipelineLayout", "createShaderModule"],
  ...["createComputePipeline", "createComputePipelineAsync", "createQuerySet", "createTexture", "createSampler"],
] as const;

const ENCODER = ["beginComputePass", "copyBufferToBuffer", "clearBuffer", "finish"] as const;
const PASS = ["setPipeline", "setBindGroup", "dispatchWorkgroups", "end"] as const;

let gpu: GPU;
let executor: WebGpuExecutor;
beforeAll(async () => {
  Object.assign(globalThis, globals);
  gpu = create([]); // held: Dawn crashes once its GPU object is collected
  executor = await createWebGpuExecutor({ gpu });
});
afterAll(() => executor.dispose());

const WIDTH = 48;
const weight = {
  name: "w",
  dtype: "f32",
  shape: [WIDTH, WIDTH],
  data: new Float32Array(WIDTH * WIDTH).fill(0.01),
} as const;

/** Some layers, one after another. */
function layers(count: number) {
  return trace((tracer) => {
    const w = tracer.parameter("w", { dtype: "f32", shape: [WIDTH, WIDTH] });
    let x = tracer.input("x", { dtype: "f32", shape: [8, WIDTH] });
    for (let i = 0; i < count; i++) x = softmax(p.add(linear(x, w), x));
    return { x };
  });
}

test("the second run makes no object on the device, and gives the same", async () => {
  using store = await executor.upload([weight]);
  using program = await executor.compile(layers(5), store);
  const x = Float32Array.from({ length: 8 * WIDTH }, (_, i) => Math.sin(i));
  const first = await program.run({ x });
  const made: string[] = [];
  const { device } = executor;
  const methods = device as unknown as Record<string, () => unknown>;
  const spies = MAKERS.map((name) => vi.spyOn(methods, name).mockImplementation(() => made.push(name)));
  const memory = executor.memory();
  try {
    for (let i = 0; i < 3; i++) expect(await program.run({ x })).toEqual(first);
    expect(made).toEqual([]);
    expect(executor.memory()).toEqual(memory);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
});

test("a run whose input and output stay on the device is one pass and a call or three per dispatch", async () => {
  using store = await executor.upload([weight]);
  using program = await executor.compile(layers(5), store);
  const { device } = executor;
  using x = executor.tensor({ dtype: "f32", shape: [8, WIDTH] }, new Float32Array(8 * WIDTH));
  await program.run({ x }, { read: [] });
  const calls: Record<string, number> = {};
  /** The same object, its methods counted. */
  const counted = <T extends object>(object: T, names: readonly (keyof T & string)[]) => {
    for (const name of names) {
      const method = (object[name] as (...args: unknown[]) => unknown).bind(object);
      const call = (...args: unknown[]) => {
        calls[name] = (calls[name] ?? 0) + 1;
        const made = method(...args);
        return name === "beginComputePass" ? counted(made as GPUComputePassEncoder, PASS) : made;
      };
      Object.defineProperty(object, name, { value: call });
    }
    return object;
  };
  const createEncoder = device.createCommandEncoder.bind(device);
  const spies = [
    vi.spyOn(device, "createCommandEncoder").mockImplementation(() => counted(createEncoder(), ENCODER)),
    vi.spyOn(device.queue, "submit"),
    vi.spyOn(device.queue, "writeBuffer"),
  ];
  try {
    await program.run({ x }, { read: [] });
    expect(spies.map((spy) => spy.mock.calls.length)).toEqual([1, 1, 0]);
    const count = program.dispatchCount;
    expect(calls).toEqual({
      ...{ beginComputePass: 1, end: 1, finish: 1 },
      ...{ setPipeline: count, setBindGroup: count, dispatchWorkgroups: count },
    });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
});

test("programs and weights made and freed in a loop leave buffers and bytes as they were", async () => {
  const before = executor.memory();
  for (let i = 1; i <= 4; i++) {
    using store = await executor.upload([weight]);
    using program = await executor.compile(layers(i), store);
    await program.run({ x: new Float32Array(8 * WIDTH) });
    expect(executor.memory().bytes).toBeGreaterThan(before.bytes);
  }
  expect(executor.memory()).toEqual(before);
});

test("many layers need no more memory than few: intermediates share their room", async () => {
  const bytes: number[] = [];
  for (const count of [4, 12]) {
    using store = await executor.upload([weight]);
    using _program = await executor.compile(layers(count), store);
    bytes.push(executor.memory().bytes);
  }
  expect(bytes[1]).toBe(bytes[0]);
});

test("work is handed over in pieces, and a lost device is told", async () => {
  using store = await executor.upload([weight]);
  const other = await createWebGpuExecutor({ gpu });
  using elsewhere = await other.upload([weight]);
  const program = await other.compile(layers(2), elsewhere);
  other.device.destroy();
  await other.device.lost;
  await expect(program.run({ x: new Float32Array(8 * WIDTH) })).rejects.toThrow("device lost");
  await expect(other.compile(layers(1), elsewhere)).rejects.toThrow("device lost");
  using program2 = await executor.compile(layers(2), store);
  expect((await program2.run({ x: new Float32Array(8 * WIDTH) })).x).toHaveLength(8 * WIDTH);
});
