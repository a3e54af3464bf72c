import { expect, test } from "vitest";
import type { Engine } from "../engines/engine.ts";
import { nodeWasmEngines } from "../engines/node.ts";
import { type OrtModule, onnxruntimeEngine } from "../engines/onnxruntime.ts";
import { createWorkload, WORKLOAD_KINDS, type WorkloadRequest } from "../workloads/index.ts";
import { measure } from "./measure.ts";
import { agreementOf, referenceOf } from "./reference.ts";

const engines = await nodeWasmEngines();
const tiny = (kind: WorkloadRequest["kind"]): WorkloadRequest => ({
  kind,
  size: "tiny",
  batch: 2,
  length: 6,
  imageSize: 32,
});
const once = { repeats: 1, limitMs: 0, log: () => undefined };

test.each(WORKLOAD_KINDS)("%s: every engine that runs here agrees with f64 and is timed", async (kind) => {
  const rows = await measure(tiny(kind), engines, once);
  const expected = kind.endsWith("-step") ? ["albef.js wasm"] : ["albef.js wasm", "onnxruntime-web wasm", "tfjs wasm"];
  expect(rows.map(({ engine, problem }) => [engine, problem]).sort()).toEqual(
    expected.map((name) => [name, undefined]),
  );
  for (const { warm, agreement, coldMs } of rows) {
    expect(warm!.median).toBeGreaterThan(0);
    expect(coldMs).toBeGreaterThan(0);
    expect(agreement!.worst).toBeLessThan(2e-4);
  }
});

test("ONNX with attention spelled out, as on WebGPU, gives the same", async () => {
  const ort = (await import("onnxruntime-web")) as unknown as OrtModule;
  const spelledOut = onnxruntimeEngine(ort, "wasm", { attentionOperator: false });
  const [row] = await measure(tiny("albef"), [spelledOut], once);
  expect(row!.agreement!.worst).toBeLessThan(2e-4);
});

test("an engine whose results are wrong is not timed", async () => {
  const [ours] = engines;
  const wrong: Engine = {
    ...ours!,
    name: "wrong",
    async prepare(workload) {
      const prepared = await ours!.prepare(workload);
      const check = async () => {
        const { outputs } = await prepared.check();
        return {
          outputs: Object.fromEntries(
            Object.entries(outputs).map(([name, data]) => [name, Float32Array.from(data, (v) => v * 1.01)]),
          ),
        };
      };
      return { ...prepared, check };
    },
  };
  const [row] = await measure(tiny("vit"), [wrong], once);
  expect(row).toMatchObject({ engine: "wrong", problem: expect.stringContaining("not timed") });
  expect(row!.warm).toBeUndefined();
});

test("a wrong gradient, a wrong update and a missing output are found", async () => {
  const workload = createWorkload(tiny("vit-step"));
  const reference = referenceOf(workload);
  const prepared = await engines[0]!.prepare(workload);
  const { outputs, updated } = await prepared.check();
  prepared.dispose();
  const name = workload.trains![0]!;
  const worse = (data: ArrayLike<number>) => Float32Array.from(data, (value) => value * 1.01);
  const of = (changed: Parameters<typeof agreementOf>[0]) => agreementOf(changed, reference, workload);
  expect(of({ outputs, updated: updated! }).worst).toBeLessThan(2e-4);
  const grad = `grad.${name}`;
  expect(of({ outputs: { ...outputs, [grad]: worse(outputs[grad]!) } })).toMatchObject({ worstName: grad });
  expect(of({ outputs, updated: { ...updated, [name]: worse(updated![name]!) } })).toMatchObject({
    worstName: `update of ${name}`,
  });
  expect(of({ outputs: { loss: outputs.loss! } }).worst).toBe(Number.POSITIVE_INFINITY);
});
