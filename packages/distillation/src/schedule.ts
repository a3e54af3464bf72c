/** The learning rate of the official training loops (scheduler/cosine_lr.py and the order in which the loops call it). */
export interface ScheduleOptions {
  readonly learningRate: number;
  readonly minLearningRate: number;
  readonly warmupLearningRate: number;
  /** Blocks of `warmupBlock` steps over which the rate rises. */
  readonly warmupEpochs: number;
  readonly epochs: number;
  /** Steps for which the rate stays the same while it rises. Official: 100. */
  readonly warmupBlock?: number;
}

const WARMUP_BLOCK = 100;

/** The rate at place t of the schedule: a linear rise, then half a cosine to the least rate. */
export function cosineRate(t: number, options: ScheduleOptions): number {
  const { learningRate, minLearningRate, warmupLearningRate, warmupEpochs, epochs } = options;
  if (t < warmupEpochs) return warmupLearningRate + (t * (learningRate - warmupLearningRate)) / warmupEpochs;
  const u = t - warmupEpochs;
  if (u >= epochs) return minLearningRate;
  return minLearningRate + 0.5 * (learningRate - minLearningRate) * (1 + Math.cos((Math.PI * u) / epochs));
}

/** The rate of the update of step `iteration` of `epoch`, both from 0. */
export function learningRateAt(epoch: number, iteration: number, options: ScheduleOptions): number {
  const { warmupEpochs, warmupBlock = WARMUP_BLOCK } = options;
  if (epoch > 0) return cosineRate(epoch + warmupEpochs, options);
  if (iteration === 0) return options.warmupLearningRate;
  // After the update of a step that ends a block the schedule moves on; past the last block it stays.
  const t = Math.min(Math.floor((iteration - 1) / warmupBlock), warmupEpochs);
  return cosineRate(t, options);
}

export interface SmoothScheduleOptions {
  readonly learningRate: number;
  readonly minLearningRate: number;
  readonly steps: number;
  readonly warmupSteps: number;
}

/** For short runs, where the official blocks of 100 steps are longer than the run: the same curve, moved every step. */
export function smoothLearningRate(step: number, options: SmoothScheduleOptions): number {
  const { learningRate, minLearningRate, steps, warmupSteps } = options;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const epochs = Math.max(steps - warmupSteps, 1);
  const curve = { learningRate, minLearningRate, warmupLearningRate: 0, warmupEpochs: 0, epochs };
  return cosineRate(step - warmupSteps, curve);
}

export interface AlphaOptions {
  readonly alpha: number;
  readonly iterationsPerEpoch: number;
  /** Rise from 0 over the first epoch. */
  readonly ramp: boolean;
}

/** The weight of the pseudo-targets at a step: from 0 to alpha over the first epoch, then alpha. */
export function alphaAt(epoch: number, iteration: number, { alpha, iterationsPerEpoch, ramp }: AlphaOptions): number {
  if (!ramp || epoch > 0) return alpha;
  return alpha * Math.min(1, iteration / iterationsPerEpoch);
}
