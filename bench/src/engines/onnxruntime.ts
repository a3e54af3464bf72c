import type { InferenceSession, Tensor } from "onnxruntime-common";
import { type OnnxOptions, onnxOf } from "../peers/onnx-rules.ts";
import { type Engine, F32_TOLERANCE } from "./engine.ts";

/** The module, imported by who knows where it runs. */
export interface OrtModule {
  readonly env: { readonly versions: { readonly common: string } };
  readonly InferenceSession: {
    create(file: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (type: "float32" | "int32", data: Float32Array | Int32Array, shape: readonly number[]) => Tensor;
}

/** onnxruntime-web with all of its graph optimisations. It runs; it does not train. */
export function onnxruntimeEngine(
  ort: OrtModule,
  device: "webgpu" | "wasm",
  options: OnnxOptions = { attentionOperator: device === "wasm" },
): Engine {
  return {
    name: `onnxruntime-web ${device}`,
    version: ort.env.versions.common,
    device,
    description: `onnxruntime-web ${device}`,
    trains: false,
    tolerance: F32_TOLERANCE,
    async prepare(workload) {
      const session = await ort.InferenceSession.create(onnxOf(workload, options), {
        executionProviders: [device],
        graphOptimizationLevel: "all",
      });
      const { graph, inputs } = workload;
      const check = async () => {
        const feeds = Object.fromEntries(
          Object.entries(graph.inputs).map(([name, id]) => {
            const { dtype, shape } = graph.values[id]!;
            const data = inputs[name] as Float32Array | Int32Array;
            return [name, new ort.Tensor(dtype === "f32" ? "float32" : "int32", data, shape)];
          }),
        );
        const results = await session.run(feeds);
        const outputs: Record<string, Float32Array> = {};
        for (const [name, tensor] of Object.entries(results)) outputs[name] = (await tensor.getData()) as Float32Array;
        return { outputs };
      };
      return {
        check,
        async run() {
          await check();
        },
        dispose: () => void session.release(),
      };
    },
    dispose: () => undefined,
  };
}
