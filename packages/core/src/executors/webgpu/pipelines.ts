import { DeviceError } from "../../errors.ts";

/** Compute pipelines by their WGSL text: equal kernels compile once. */
export interface PipelineCache {
  get(label: string, source: string): Promise<GPUComputePipeline>;
  readonly size: number;
}

export function pipelineCache(device: GPUDevice): PipelineCache {
  const pipelines = new Map<string, Promise<GPUComputePipeline>>();
  return {
    get(label, source) {
      const known = pipelines.get(source);
      if (known) return known;
      const pipeline = compile(device, label, source);
      pipelines.set(source, pipeline);
      pipeline.catch(() => pipelines.delete(source));
      return pipeline;
    },
    get size() {
      return pipelines.size;
    },
  };
}

async function compile(device: GPUDevice, label: string, source: string): Promise<GPUComputePipeline> {
  const module = device.createShaderModule({ label, code: source });
  try {
    return await device.createComputePipelineAsync({ label, layout: "auto", compute: { module, entryPoint: "main" } });
  } catch (cause) {
    const { messages } = await module.getCompilationInfo();
    const faults = messages.map(
      (message) => `${message.type} at ${message.lineNum}:${message.linePos}: ${message.message}`,
    );
    const numbered = source.split("\n").map((line, i) => `${String(i + 1).padStart(4)} ${line}`);
    throw new DeviceError(
      `kernel ${label} does not compile\n${faults.join("\n") || String(cause)}\n${numbered.join("\n")}`,
      {
        cause,
      },
    );
  }
}
