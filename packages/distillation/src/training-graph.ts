import { type Graph, gradients, queueWrite, type Shape, type Tensor, type Tracer, trace } from "@albef/core";
import { momentumKey, type ParameterSource, type WeightSpecs } from "@albef/encoder";
import { type BranchModel, branch } from "./branches.ts";
import { type Objective, objective } from "./objective.ts";
import type { ObjectiveOptions } from "./objective-options.ts";
import { type LoraOptions, trainingSource } from "./parameters.ts";
import { type BatchShape, stepInputs } from "./step-inputs.ts";

export interface TrainingGraphOptions extends BranchModel {
  readonly shape: BatchShape;
  readonly objective: ObjectiveOptions;
  /** Whether a parameter learns. With adapters usually none but the heads. */
  trains(name: string): boolean;
  readonly lora?: LoraOptions | undefined;
  readonly frozen?: WeightSpecs;
  /** Hard negatives come as inputs `negativeImages` and `negativeTexts`. */
  readonly givenNegatives?: boolean;
  /** Intermediate values that become outputs, by name; see `Objective.seen`. */
  readonly watch?: readonly string[];
}

export interface TrainingGraph {
  readonly graph: Graph;
  /** What learns, by name; output `grad.<name>` is its gradient. */
  readonly trainable: ReadonlyMap<string, Shape>;
  /** Whether the graph reads a momentum teacher. */
  readonly usesTeacher: boolean;
}

/** Loss, gradients and queue writes of one batch as one graph. */
export function trainingGraph(options: TrainingGraphOptions): TrainingGraph {
  const trainable = new Map<string, Tensor>();
  const graph = trace((tracer) => {
    const learned = recording(tracer, (name) => options.trains(name) || name.includes(".lora_"), trainable);
    const { losses, total, seen, features, clampedTemperature } = build(tracer, learned, options);
    const names = [...trainable.keys()];
    const grads = gradients(total, [...trainable.values()]);
    // The queues are written last: the similarities and their gradients read them as they were.
    if (features && options.objective.queueSize > 0) enqueue(tracer, features, options.objective.queueSize);
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
  return { graph, trainable: shapes, usesTeacher };
}

function build(tracer: Tracer, learned: Tracer, options: TrainingGraphOptions): Objective {
  const { objective: settings, givenNegatives = false, trains, lora, frozen } = options;
  const shared = { trains, lora, ...(frozen && { frozen }) };
  const source: ParameterSource = trainingSource(learned, shared);
  return objective({
    tracer,
    source,
    online: branch(source, options),
    teacher: branch(trainingSource(tracer, { ...shared, teacher: true }), options),
    inputs: stepInputs(tracer, { ...options, objective: settings, givenNegatives }),
    options: settings,
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

function enqueue(tracer: Tracer, features: { readonly image: Tensor; readonly text: Tensor }, size: number): void {
  const pointer = tracer.input("pointer", { dtype: "i32", shape: [1] });
  for (const [name, rows] of [
    ["image_queue", features.image],
    ["text_queue", features.text],
  ] as const) {
    queueWrite(tracer.parameter(name, { dtype: "f32", shape: [rows.shape[1]!, size] }), rows, pointer);
  }
}
