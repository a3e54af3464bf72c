import {
  checkpoint,
  type Graph,
  gradients,
  primitives as p,
  queueWrite,
  type Shape,
  type Tensor,
  type Tracer,
  trace,
} from "@albef/core";
import { momentumKey, textDropout, type WeightSpecs } from "@albef/encoder";
import { type BranchModel, type BranchRuns, branch } from "./branches.ts";
import { type LoraOptions, trainingSource } from "./parameters.ts";
import type { TaskLosses, TrainingTask } from "./task.ts";

export interface TrainingGraphOptions extends BranchModel {
  readonly task: TrainingTask;
  /** Whether a parameter learns. With adapters usually none but the heads. */
  trains(name: string): boolean;
  readonly lora?: LoraOptions | undefined;
  /**
   * `f16`: encoders compute and keep activations in 16 bits, over 32-bit weights; losses are scaled by the input
   * `lossScale`. Needs an executor with 16-bit floats. Default: f32.
   */
  readonly precision?: "f32" | "f16" | undefined;
  /** Blocks keep their inputs alone for the backward, which computes the rest again: less memory, a third more work. */
  readonly recompute?: boolean | undefined;
  readonly frozen?: WeightSpecs;
  /** See `TrainingSourceOptions.storedAs`. */
  readonly storedAs?: ((name: string) => string) | undefined;
  /** Intermediate values that become outputs, by name; see `TaskLosses.seen`. */
  readonly watch?: readonly string[];
}

export interface TrainingGraph {
  readonly graph: Graph;
  /** What learns, by name; output `grad.<name>` is its gradient. */
  readonly trainable: ReadonlyMap<string, Shape>;
  /** Whether the graph reads a momentum teacher. */
  readonly usesTeacher: boolean;
  /** The feature queues: `size` columns of `width` values, of which a step writes `rows`. */
  readonly queue?: { readonly size: number; readonly width: number; readonly rows: number };
}

/** Loss, gradients and queue writes of one batch as one graph. */
export function trainingGraph(options: TrainingGraphOptions): TrainingGraph {
  const trainable = new Map<string, Tensor>();
  let queue: TrainingGraph["queue"];
  const graph = trace((tracer) => {
    const learned = recording(tracer, (name) => options.trains(name) || name.includes(".lora_"), trainable);
    const { losses, total, seen, clampedTemperature, ...rest } = build(tracer, learned, options);
    const names = [...trainable.keys()];
    const grads = gradients(scaledLoss(tracer, total, options), [...trainable.values()]);
    // The queues are written last: the similarities and their gradients read them as they were.
    queue = rest.queue && enqueue(tracer, rest.queue);
    const watched = Object.fromEntries((options.watch ?? []).map((name) => [name, seen[name]!]));
    return {
      loss: total,
      ...Object.fromEntries(Object.entries(losses).map(([name, loss]) => [`loss.${name}`, loss])),
      ...Object.fromEntries(names.map((name, i) => [`grad.${name}`, grads[i]!])),
      ...watched,
      ...(clampedTemperature && trainable.has("temp") && { "clamped.temp": clampedTemperature }),
    };
  });
  const shapes = new Map([...trainable].map(([name, { shape }]) => [name, shape] as const));
  const usesTeacher = [...shapes.keys()].some((name) => momentumKey(name) in graph.parameters);
  return { graph, trainable: shapes, usesTeacher, ...(queue && { queue }) };
}

/** Gradients go into their arena; the temperature is kept within its bounds where it lies. */
export function overwrittenBy({ graph, trainable }: TrainingGraph): Record<string, string> {
  const gradients = [...trainable.keys()].map((name) => [`grad.${name}`, `grad.${name}`] as const);
  return { ...Object.fromEntries(gradients), ...("clamped.temp" in graph.outputs && { "clamped.temp": "temp" }) };
}

function scaledLoss(tracer: Tracer, total: Tensor, { precision }: TrainingGraphOptions): Tensor {
  return precision === "f16" ? p.mul(total, tracer.input("lossScale", { dtype: "f32", shape: [1] })) : total;
}

/** Streams of the seed below are the tasks' own. */
const STREAMS = { online: 16, teacher: 4096 } as const;

/** The teacher is heard without dropout; in the official code it is a part of the model and drops like the rest of it. */
function runsOf(tracer: Tracer, role: keyof typeof STREAMS, options: TrainingGraphOptions): BranchRuns {
  const { config, task, precision, recompute } = options;
  const run = { dtype: precision, ...(recompute && { around: checkpoint }) };
  const drops = role === "online" || task.faithful === true;
  const hasRates = config.text.hiddenDropout > 0 || config.text.attentionDropout > 0;
  if (!drops || !hasRates) return { vision: run, text: run };
  const seed = tracer.input("seed", { dtype: "u32", shape: [] });
  return { vision: run, text: { ...run, ...textDropout(config.text, { seed, firstStream: STREAMS[role] }) } };
}

function build(tracer: Tracer, learned: Tracer, options: TrainingGraphOptions): TaskLosses {
  const { task, config, trains, lora, frozen, storedAs } = options;
  const shared = { trains, lora, storedAs, ...(frozen && { frozen }) };
  const runs = (role: keyof typeof STREAMS) => runsOf(tracer, role, options);
  return task.build({
    tracer,
    config,
    online: branch(trainingSource(learned, shared), options, runs("online")),
    teacher: branch(trainingSource(tracer, { ...shared, teacher: true }), options, runs("teacher")),
    alpha: tracer.input("alpha", { dtype: "f32", shape: [] }),
  });
}

/** The same tracer, noting the parameters that learn. */
function recording(tracer: Tracer, learns: (name: string) => boolean, found: Map<string, Tensor>): Tracer {
  return {
    ...tracer,
    parameter(name, spec) {
      const tensor = tracer.parameter(name, spec);
      if (learns(name)) found.set(name, tensor);
      return tensor;
    },
  };
}

function enqueue(tracer: Tracer, { image, text, size }: NonNullable<TaskLosses["queue"]>): TrainingGraph["queue"] {
  const pointer = tracer.input("pointer", { dtype: "i32", shape: [1] });
  const [rows, width] = image.shape as readonly [number, number];
  queueWrite(tracer.parameter("image_queue", { dtype: "f32", shape: [width, size] }), image, pointer);
  queueWrite(tracer.parameter("text_queue", { dtype: "f32", shape: [width, size] }), text, pointer);
  return { size, width, rows };
}
