import {
  type Arena,
  adamW,
  axpby,
  type Executor,
  GROUP_BLOCK,
  type ParameterStore,
  type Program,
  type Shape,
  squaredNorm,
  trace,
} from "@albef/core";
import type { TrainingState } from "./training-state.ts";

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** Factor on the learning rate of a parameter; parameters of one factor and decay form a group. Default: 1 for all. */
  readonly rateScale?: ((name: string) => number) | undefined;
  /** Gradients whose norm over all parameters is larger are scaled down to it. Default: none, as in the official code. */
  readonly maxGradNorm?: number | undefined;
}

/** torch.optim.AdamW as the official configurations use it. */
export const DEFAULT_ADAMW: AdamWOptions = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.02 };

/** Whether AdamW decays a parameter: not biases and 1-dimensional ones (official optim_factory.py); scalars are decayed. */
export function decaysWeight(name: string, shape: Shape): boolean {
  return shape.length !== 1 && !name.endsWith(".bias");
}

interface Group {
  readonly scale: number;
  readonly decay: number;
}

export interface OptimizerStep {
  readonly learningRate: number;
  /** Needed where gradients are clipped. */
  readonly gradNorm?: number;
  /** Multiplies the gradients first. Default: 1. */
  readonly factor?: number;
  /** Of the teacher. Default: 1, it stays as it is. */
  readonly momentum?: number;
}

/** AdamW and the momentum teacher over the arenas of a training state: one dispatch per arena for both. */
export interface Optimizer extends Disposable {
  /** The norm of the gradients of the last batch, all together. */
  gradNorm(): Promise<number>;
  /** Adds the last batch's gradients to the sum, or begins one with them. */
  accumulate(options: { readonly first: boolean }): Promise<void>;
  /** The norm of the sum. */
  sumNorm(): Promise<number>;
  /** One AdamW step, then, where there is a teacher, teacher = momentum * teacher + (1 - momentum) * weights. */
  step(options: OptimizerStep): Promise<void>;
  dispose(): void;
}

/** The optimizer of `state`; where it has sums of gradients, the steps follow these. */
export async function createOptimizer(
  executor: Executor,
  state: TrainingState,
  options: AdamWOptions = DEFAULT_ADAMW,
): Promise<Optimizer> {
  const groups = groupsOf(state, options);
  const { weights, moment1, moment2, teacher, sums } = state;
  const gradients = sums ?? state.gradients;
  const norm = await executor.compile(normGraph(state.gradients.arenas), state.gradients);
  const sumNorm = sums && (await executor.compile(normGraph(sums.arenas), sums));
  const add =
    sums && (await executor.compile(axpbyGraph(state.gradients.arenas, sums.arenas), [sums, state.gradients]));
  const moving = [weights, moment1, moment2, gradients, ...(teacher ? [teacher] : [])];
  const update = await executor.compile(adamWGraph(state, { options, groups, gradients }), moving);
  const programs: (Program | undefined)[] = [norm, sumNorm, add, update];
  const dispose = () => {
    for (const program of programs) program?.dispose();
  };
  return {
    gradNorm: () => normBy(norm),
    sumNorm: () => normBy(sumNorm!),
    async accumulate({ first }) {
      await add!.run({ factors: Float32Array.of(first ? 0 : 1, 1) }, { read: [] });
    },
    async step({ learningRate, gradNorm, factor = 1, momentum = 1 }) {
      const t = ++state.counters.step;
      const step = Float32Array.of(
        1 - options.beta1 ** t,
        Math.sqrt(1 - options.beta2 ** t),
        factor * clipFactor(options.maxGradNorm, gradNorm, factor),
        ...[momentum, 1 - momentum],
      );
      const rates = Float32Array.from(groups.flatMap(({ scale, decay }) => [learningRate * scale, decay]));
      await update.run({ step, rates }, { read: [] });
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}

/** As torch.nn.utils.clip_grad_norm_. */
function clipFactor(most: number | undefined, norm: number | undefined, factor: number): number {
  if (most === undefined || norm === undefined) return 1;
  return Math.min(1, most / (norm * factor + 1e-6));
}

function groupsOf({ trainable }: TrainingState, options: AdamWOptions): Group[] {
  const groups: Group[] = [];
  for (const [name, shape] of trainable) {
    const wanted = groupFor(name, shape, options);
    if (!groups.some((group) => same(group, wanted))) groups.push(wanted);
  }
  return groups;
}

function groupFor(name: string, shape: Shape, { rateScale, weightDecay }: AdamWOptions): Group {
  return { scale: rateScale?.(name) ?? 1, decay: decaysWeight(name, shape) ? weightDecay : 0 };
}

function same(a: Group, b: Group): boolean {
  return a.scale === b.scale && a.decay === b.decay;
}

interface AdamWParts {
  readonly options: AdamWOptions;
  readonly groups: readonly Group[];
  readonly gradients: ParameterStore;
}

function adamWGraph(state: TrainingState, { options, groups, gradients }: AdamWParts) {
  return trace((tracer) => {
    const rates = tracer.input("rates", { dtype: "f32", shape: [groups.length, 2] });
    const step = tracer.input("step", { dtype: "f32", shape: [5] });
    const flat = ({ name, elements }: Arena) => tracer.parameter(name, { dtype: "f32", shape: [elements] });
    for (const [i, arena] of state.weights.arenas.entries()) {
      const table = groupTable(arena, groups, options);
      adamW(flat(arena), flat(state.moment1.arenas[i]!), flat(state.moment2.arenas[i]!), {
        ...{ beta1: options.beta1, beta2: options.beta2, eps: options.eps },
        gradients: flat(gradients.arenas[i]!),
        groups: tracer.constant({ dtype: "u32", shape: [table.length] }, table),
        ...{ rates, step, teacher: state.teacher && flat(state.teacher.arenas[i]!) },
      });
    }
    return {};
  });
}

/** The group of each block of an arena. */
function groupTable({ elements, slots }: Arena, groups: readonly Group[], options: AdamWOptions): Uint32Array {
  const table = new Uint32Array(elements / GROUP_BLOCK);
  for (const [i, { name, shape, offset }] of slots.entries()) {
    const group = groups.findIndex((one) => same(one, groupFor(name, shape, options)));
    table.fill(group, offset / GROUP_BLOCK, (slots[i + 1]?.offset ?? elements) / GROUP_BLOCK);
  }
  return table;
}

async function normBy(program: Program): Promise<number> {
  const squares = Object.values(await program.run({})); // one sum an arena
  return Math.sqrt(squares.reduce((total, [square]) => total + Number(square), 0));
}

function normGraph(arenas: readonly Arena[]) {
  return trace((tracer) => {
    const norms = arenas.map(({ name, elements }) =>
      squaredNorm(tracer.parameter(name, { dtype: "f32", shape: [elements] })),
    );
    return Object.fromEntries(norms.map((norm, i) => [i === 0 ? "squares" : `squares${i}`, norm]));
  });
}

/** y = a y + b x over the arenas of two stores. */
function axpbyGraph(from: readonly Arena[], onto: readonly Arena[]) {
  return trace((tracer) => {
    const factors = tracer.input("factors", { dtype: "f32", shape: [2] });
    const flat = ({ name, elements }: Arena) => tracer.parameter(name, { dtype: "f32", shape: [elements] });
    for (const [i, arena] of from.entries()) axpby(flat(onto[i]!), flat(arena), factors);
    return {};
  });
}
