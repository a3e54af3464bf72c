import type { Executor, NamedTensor, ParameterStore, Shape, TensorData, TensorSpec } from "@albef/core";
import { drawGaussian, momentumKey } from "@albef/encoder";
import { TrainingError } from "./errors.ts";

/** The values of weights by name, f32; undefined where there are none. */
export type TrainingWeights = (name: string) => Promise<Float32Array | undefined> | Float32Array | undefined;

export interface StateCounters {
  /** Optimizer steps that were taken. */
  step: number;
  /** First queue column that the next batch writes. */
  queuePointer: number;
  /** What losses are multiplied by in 16-bit training; 1 in 32 bits. */
  lossScale: number;
  /** Steps since the loss scale was changed. */
  cleanSteps: number;
  /** Steps that were left out because gradients overflowed. */
  skippedSteps: number;
  /** Image ids of the queue's columns; -100 where none was written. */
  readonly queueIds: Int32Array;
}

/** What training changes, on the device: flat arenas of one layout, and the queues. */
export interface TrainingState extends Disposable {
  readonly trainable: ReadonlyMap<string, Shape>;
  readonly weights: ParameterStore;
  /** `grad.<name>` */
  readonly gradients: ParameterStore;
  /** `sum.<name>`: gradients added up over batches; only where they are. */
  readonly sums?: ParameterStore;
  /** `exp_avg.<name>` and `exp_avg_sq.<name>`, as PyTorch calls them. */
  readonly moment1: ParameterStore;
  readonly moment2: ParameterStore;
  /**
   * The momentum copies, under their official names, as the next step hears them: they follow the weights right after these
   * are updated, in the same pass over memory, where the official code waits for the next forward pass.
   */
  readonly teacher?: ParameterStore;
  /** `image_queue` and `text_queue` [embedDim, queue]. */
  readonly queue?: ParameterStore;
  readonly counters: StateCounters;
  readonly sizeBytes: number;
  dispose(): void;
}

export interface TrainingStateOptions {
  readonly trainable: ReadonlyMap<string, Shape>;
  /** Start values. Momentum names that are missing start as copies, moments at 0. */
  readonly weights: TrainingWeights;
  /** The momentum of the teacher, where there is one. */
  readonly momentum?: number | undefined;
  /** Gradients of several batches are added up. */
  readonly accumulates?: boolean;
  readonly queue?: { readonly size: number; readonly width: number; readonly draw: () => number } | undefined;
  /** With `step` those of a saved state, whose momentum copies are what the next step hears. */
  readonly counters?: Partial<StateCounters>;
}

const NO_ID = -100;

/** Puts all state of training on the device. Throws TrainingError where a weight is missing or of another size. */
export async function createTrainingState(executor: Executor, options: TrainingStateOptions): Promise<TrainingState> {
  const { trainable, weights, queue, counters = {} } = options;
  const stores: ParameterStore[] = [];
  const dispose = () => {
    for (const store of stores) store.dispose();
  };
  const family = async (flat: string, rename: (name: string) => string, start: TrainingWeights) => {
    const store = await executor.upload(tensorsOf(trainable, rename, start), { flat });
    stores.push(store);
    return store;
  };
  const prefixed = (prefix: string) => (name: string) => `${prefix}.${name}`;
  const zeros = (name: string) => new Float32Array(sizeOf(trainable.get(name)!));
  const given = (rename: (name: string) => string) => async (name: string) =>
    (await weights(rename(name))) ?? zeros(name);
  try {
    const state = {
      weights: await family("weights", (name) => name, weights),
      gradients: await family("grad", prefixed("grad"), zeros),
      ...(options.accumulates && { sums: await family("sum", prefixed("sum"), zeros) }),
      moment1: await family("exp_avg", prefixed("exp_avg"), given(prefixed("exp_avg"))),
      moment2: await family("exp_avg_sq", prefixed("exp_avg_sq"), given(prefixed("exp_avg_sq"))),
      ...(options.momentum !== undefined && { teacher: await family("teacher", momentumKey, firstTeacher(options)) }),
    };
    const queues = queue && (await executor.upload(await queueTensors(queue, weights)));
    if (queues) stores.push(queues);
    return {
      ...state,
      ...(queues && { queue: queues }),
      trainable,
      counters: {
        step: counters.step ?? 0,
        queuePointer: counters.queuePointer ?? 0,
        lossScale: counters.lossScale ?? 1,
        cleanSteps: counters.cleanSteps ?? 0,
        skippedSteps: counters.skippedSteps ?? 0,
        queueIds: counters.queueIds?.slice() ?? new Int32Array(queue?.size ?? 0).fill(NO_ID),
      },
      sizeBytes: stores.reduce((total, store) => total + store.sizeBytes, 0),
      dispose,
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The momentum copies of a saved state as they are; official ones first follow the weights, as the official code does. */
function firstTeacher({ weights, momentum = 1, counters = {} }: TrainingStateOptions): TrainingWeights {
  return async (name) => {
    const [online, copy] = [await weights(name), await weights(momentumKey(name))];
    if (!copy || !online || counters.step !== undefined) return copy ?? online;
    return copy.map((value, i) => momentum * value + (1 - momentum) * online[i]!);
  };
}

async function* tensorsOf(
  trainable: ReadonlyMap<string, Shape>,
  rename: (name: string) => string,
  start: TrainingWeights,
): AsyncGenerator<NamedTensor> {
  for (const [name, shape] of trainable) {
    const data = await start(name);
    if (!data) throw new TrainingError(`training: the weights hold no ${name}, which is to learn`);
    if (data.length !== sizeOf(shape)) {
      throw new TrainingError(`training: ${name} must hold ${sizeOf(shape)} values [${shape}], got ${data.length}`);
    }
    yield { name: rename(name), dtype: "f32", shape, data };
  }
}

function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

type QueueOptions = NonNullable<TrainingStateOptions["queue"]>;

/** The saved queues, or random columns of unit length as the official code starts with. */
async function queueTensors({ size, width, draw }: QueueOptions, weights: TrainingWeights): Promise<NamedTensor[]> {
  const spec: TensorSpec = { dtype: "f32", shape: [width, size] };
  const of = async (name: string) => ({ name, ...spec, data: (await savedQueue(name)) ?? randomColumns() });
  const savedQueue = async (name: string) => {
    const data = await weights(name);
    return data?.length === width * size ? data : undefined;
  };
  const randomColumns = (): TensorData => {
    const data = Float32Array.from({ length: width * size }, () => drawGaussian(draw));
    for (let column = 0; column < size; column++) {
      let squares = 0;
      for (let row = 0; row < width; row++) squares += data[row * size + column]! ** 2;
      for (let row = 0; row < width; row++) data[row * size + column]! /= Math.sqrt(squares);
    }
    return data;
  };
  return [await of("image_queue"), await of("text_queue")];
}
