import type { MemoryEstimate, ObjectiveOptions } from "@albef/distillation";
import type { RetrievalMetrics } from "@albef/heads";
import type { CaptionedImage, HiddenWord, HiddenWordOptions, StepInspection } from "./inspection-types.ts";
import type { TaskMetrics, TaskOptions } from "./task-types.ts";

/** A picture with a caption. */
export interface TrainingPair extends CaptionedImage {
  /** What errors call it; a File's name by default, else its position. */
  readonly id?: string | undefined;
  /** Pairs with the same value are captions of one picture: they are no negatives of each other. Default: one each. */
  readonly imageId?: string | undefined;
}

/** What learns: all weights, or low-rank adapters (LoRA) beside frozen ones with the projections and the heads. */
export type TrainedPart = "all" | "lora";

export type Precision = "f32" | "f16";

export type AdapterTargets = "attention" | "all";

/**
 * `pretrain`, `finetune`: the official crop, mirror image and RandAugment of either; `grounding`: the same without a crop;
 * `none`: pictures as they are.
 */
export type Augmentation = "pretrain" | "finetune" | "grounding" | "none";

export interface FinetuneOptions {
  /** Passes over the pairs. Default: as many as make about 200 steps, at least 3. */
  readonly epochs?: number | undefined;
  /** Pairs of a batch. Default: 16, fewer where there are few pairs; with `accumulate` fewer where that alone fits. */
  readonly batchSize?: number | undefined;
  /** Peak of the learning rate. Default: 1e-4 for all weights, 1e-3 for adapters. */
  readonly learningRate?: number | undefined;
  /** Default: "all" up to 30 million parameters, else "lora". */
  readonly train?: TrainedPart | undefined;
  /** Rank of the adapters. Default: 8. */
  readonly rank?: number | undefined;
  /** Which matrices get adapters: those of attention, or also those of the MLPs. Default: all. */
  readonly targets?: AdapterTargets | undefined;
  /**
   * Parts that stay as they are; the teacher then keeps a moving average of the others only. `vision`, `text`, `fusion`,
   * `embeddings`, `vision:6` (patch embedding and the first 6 blocks), `text:3`, or the beginning of a parameter's name.
   */
  readonly freeze?: readonly string[] | undefined;
  /** Factors on the learning rate of parts, named as for `freeze`. */
  readonly rates?: Readonly<Record<string, number>> | undefined;
  /** Batches whose gradients are averaged for a step: a larger batch in the memory of a small one. Default: 1. */
  readonly accumulate?: number | undefined;
  /** Decay of matrices. Default: 0.02. */
  readonly weightDecay?: number | undefined;
  /** Gradients of a larger norm are scaled down to it. Default: none are, as in the official code. */
  readonly maxGradNorm?: number | undefined;
  /** Rate of dropout in the text and fusion layers, in place of the configuration's (official: 0.1). */
  readonly dropout?: number | undefined;
  /** Blocks keep only their inputs for the backward, and compute the rest again. Default: false. */
  readonly recompute?: boolean | undefined;
  /**
   * `f16`: activations of the encoders in 16 bits, weights, heads and losses in 32, the loss scaled; where the device has
   * 16-bit floats. Default: f32.
   */
  readonly precision?: Precision | undefined;
  /** Most bytes that training may hold on the device beside the model. Default: as many as fit. */
  readonly memoryBudget?: number | undefined;
  /** Share of the pairs that are held out to measure by. Default: 0.2 where there are 10 pairs or more, else 0. */
  readonly heldOut?: number | undefined;
  /** Passes without a better held-out recall after which training ends. Default: none ends it. */
  readonly patience?: number | undefined;
  /** Default: finetune; pretrain in pre-training. */
  readonly augment?: Augmentation | undefined;
  /** Weight of the momentum teacher's pseudo-targets, reached after the first pass; 0: labels alone. Default: 0.4. */
  readonly alpha?: number | undefined;
  /** Same seed, same device, same result. Default: 0. */
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A state from `FinetuneRun.save`, of the same pairs and options. */
  readonly resume?: Blob | undefined;
  /** Whether each step tells what it was made of; see `StepInspection`. Default: false. */
  readonly inspect?: boolean | undefined;
  /** Told of pairs that cannot be used: a picture that cannot be read, a caption without words. */
  readonly onSkip?: ((skipped: { readonly id: string; readonly reason: string }) => void) | undefined;
}

/** Losses and how they are computed: the paper's ablations (table 1) are settings of these. */
export type PretrainObjective = Partial<
  Pick<
    ObjectiveOptions,
    "itc" | "itm" | "mlm" | "hardNegatives" | "distillItc" | "distillMlm" | "queueSize" | "faithful"
  >
>;

export interface PretrainOptions extends FinetuneOptions {
  /**
   * Default: ITC, ITM with hard negatives and MLM, the teacher's targets in ITC and MLM, a queue of the configuration's
   * size, at most the pairs of a pass.
   */
  readonly objective?: PretrainObjective | undefined;
  /** Share of the words that MLM hides. Default: the configuration's, 0.15. */
  readonly mlmProbability?: number | undefined;
}

/** Of text assignment, which has one loss of its own; of the objective it reads `faithful`. */
export interface AssignmentOptions extends PretrainOptions {
  readonly task: "assignment";
  /** See `TaskOptions`. */
  readonly sharing?: TaskOptions["sharing"];
}

/** What was decided for the options left open: plain data, kept in saved states. */
export interface FinetunePlan {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly train: TrainedPart;
  readonly rank: number;
  readonly targets: AdapterTargets;
  readonly freeze: readonly string[];
  readonly rates: Readonly<Record<string, number>>;
  readonly accumulate: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number | null;
  /** Null: the configuration's. */
  readonly dropout: number | null;
  readonly recompute: boolean;
  readonly precision: Precision;
  readonly alpha: number;
  readonly seed: number;
  readonly augment: Augmentation;
  readonly objective: ObjectiveOptions;
  readonly mlmProbability: number;
  /** Pairs to learn from; in pre-training pictures, with all their captions. */
  readonly trainPairs: number;
  readonly heldOutPairs: number;
  readonly stepsPerEpoch: number;
  readonly steps: number;
}

/** What held-out items are measured by: recalls, or the accuracy of a downstream task. */
export type Metrics = RetrievalMetrics | TaskMetrics;

/** One step that is done. */
export interface FinetuneStep<Measured = RetrievalMetrics> {
  /** From 1. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** `itc`, `itm` and, in pre-training, `mlm`; `entailment`, `vqa`, `nlvr` or `assignment` in those tasks. */
  readonly losses: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly alpha: number;
  /** Norm of all gradients together, before it is clipped. */
  readonly gradNorm: number;
  /** Only with `precision: "f16"`: the gradients overflowed, the step was left out, and the loss scale was halved. */
  readonly skipped?: true | undefined;
  readonly pairsPerSecond: number;
  readonly secondsLeft: number;
  /** After the last step of a pass, where pairs are held out: recalls by ITC, or the accuracy of a downstream task. */
  readonly heldOut?: Measured | undefined;
  /** Where `inspect` asked for it. */
  readonly inspection?: StepInspection | undefined;
}

/** A training: iterate to train; leave the loop to pause, iterate again to go on. */
export interface FinetuneRun<Model, Measured = RetrievalMetrics>
  extends AsyncIterable<FinetuneStep<Measured>>,
    Disposable {
  readonly plan: FinetunePlan;
  /** Steps that are done. */
  readonly step: number;
  /** What training takes on the device beside the model, by part, as estimated before the first step. */
  readonly memory: MemoryEstimate;
  /** Bytes on the device that training holds beside the model, as the engine counts them. */
  readonly memoryBytes: number;
  /** Held-out recalls of the untouched model, by ITC. */
  readonly before: Measured | undefined;
  /** The best held-out recalls so far; the weights they belong to are those that `model` and `adapter` give. */
  readonly best: Measured | undefined;
  /**
   * What the momentum teacher expects in place of a token of a caption, seen with its picture: the pseudo-targets of masked
   * language modelling (paper section 3.2). Undefined where the weights have no masked-language head; throws RangeError
   * where the caption has no such token.
   */
  hiddenWord(pair: CaptionedImage, options?: HiddenWordOptions): Promise<HiddenWord | undefined>;
  /** Everything needed to go on later, in another page or process. */
  save(): Promise<Blob>;
  /** What was learnt, as a file that `AlbefModel.withAdapter` reads. */
  adapter(): Promise<Blob>;
  /** A new model with what was learnt; the old one stays as it is. */
  model(): Promise<Model>;
  dispose(): void;
}
