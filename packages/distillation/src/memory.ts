import { GROUP_BLOCK, type LargestPiece, larger, programMemory, type TensorSpec, uploadedBytes } from "@albef/core";
import { overwrittenBy, type TrainingGraphOptions, trainingGraph } from "./training-graph.ts";

/** Bytes on the device, by what they are for. */
export interface MemoryEstimate {
  /** f32 masters of what learns. */
  readonly weights: number;
  readonly gradients: number;
  /** Two moments. */
  readonly optimizer: number;
  /** The momentum copy of what learns. */
  readonly teacher: number;
  readonly queue: number;
  /** What a step keeps between forward and backward, with its inputs. */
  readonly activations: number;
  readonly total: number;
  /** The largest piece that no two buffers can share: devices limit what one buffer holds and a kernel binds. */
  readonly largest: LargestPiece & { readonly part: "weights" | "queue" | "activations" };
}

export interface MemoryOptions extends TrainingGraphOptions {
  readonly accumulate?: number | undefined;
}

/**
 * What a training step will hold on a WebGPU device beside the model, before anything is put there. The activations are
 * those of the engine's plan; tfjs needs about as much while a step runs.
 */
export async function estimateMemory(options: MemoryOptions): Promise<MemoryEstimate> {
  const traced = trainingGraph(options);
  const f32 = (shape: readonly number[]): TensorSpec => ({ dtype: "f32", shape });
  const learning = uploadedBytes([...traced.trainable.values()].map(f32));
  const { queue } = traced;
  const queueBytes = queue ? uploadedBytes([f32([queue.width, queue.size])]) : 0;
  const step = await programMemory(traced.graph, { into: overwrittenBy(traced) });
  const parts = {
    weights: learning,
    gradients: (options.accumulate ?? 1) > 1 ? 2 * learning : learning,
    optimizer: 2 * learning + learning / GROUP_BLOCK, // the group of each block, one u32
    teacher: traced.usesTeacher ? learning : 0,
    queue: 2 * queueBytes,
    activations: step.bytes,
  };
  const total = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
  const pieces: MemoryEstimate["largest"][] = [
    { part: "activations", ...step.largest },
    { part: "queue", what: "image_queue", bytes: queueBytes },
    ...[...traced.trainable].map(([what, shape]) => ({
      part: "weights" as const,
      what,
      bytes: uploadedBytes([f32(shape)]),
    })),
  ];
  return { ...parts, total, largest: pieces.reduce(larger) };
}
