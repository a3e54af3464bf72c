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
