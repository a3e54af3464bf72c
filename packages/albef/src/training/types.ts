import type { DecodableImage } from "@albef/encoder";
import type { RetrievalMetrics } from "@albef/heads";

/** A picture with a caption. */
export interface TrainingPair {
  readonly image: DecodableImage;
  readonly caption: string;
  /** What errors call it; a File's name by default, else its position. */
  readonly id?: string | undefined;
  /** Pairs with the same value are captions of one picture: they are no negatives of each other. Default: one each. */
  readonly imageId?: string | undefined;
}

/** What learns: all weights, or low-rank adapters (LoRA) beside frozen ones with the projections and the matching head. */
export type TrainedPart = "all" | "lora";

export interface FinetuneOptions {
  /** Passes over the pairs. Default: as many as make about 200 steps, at least 3. */
  readonly epochs?: number | undefined;
  /** Pairs of a step. Default: 16, fewer where there are few pairs. */
  readonly batchSize?: number | undefined;
  /** Peak of the learning rate. Default: 1e-4 for all weights, 1e-3 for adapters. */
  readonly learningRate?: number | undefined;
  /** Default: "all" up to 30 million parameters, else "lora". */
  readonly train?: TrainedPart | undefined;
  /** Rank of the adapters. Default: 8. */
  readonly rank?: number | undefined;
  /** Share of the pairs that are held out to measure by. Default: 0.2 where there are 10 pairs or more, else 0. */
  readonly heldOut?: number | undefined;
  /** Passes without a better held-out recall after which training ends. Default: none ends it. */
  readonly patience?: number | undefined;
  /** `finetune`: the official crop, mirror image and RandAugment; `none`: pictures as they are. Default: finetune. */
  readonly augment?: "finetune" | "none" | undefined;
  /** Weight of the momentum teacher's pseudo-targets, reached after the first pass; 0 trains without a teacher. Default: 0.4. */
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

/** What was decided for the options left open. */
export interface FinetunePlan {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly train: TrainedPart;
  readonly rank: number;
  readonly alpha: number;
  readonly seed: number;
  readonly augment: "finetune" | "none";
  readonly trainPairs: number;
  readonly heldOutPairs: number;
  readonly stepsPerEpoch: number;
  readonly steps: number;
}

/** What a step contrasted. Pairs are named by their place in `ids`. */
export interface StepInspection {
  /** The pairs of the batch. */
  readonly ids: readonly string[];
  /** [batch]: for each caption the picture that was mined as its hard negative. */
  readonly negativeImages: readonly number[];
  /** [batch]: for each picture the caption that was mined as its hard negative. */
  readonly negativeTexts: readonly number[];
  /** f32 [batch, batch]: the share of each caption (column) in what a picture (row) was to match, softened by the teacher. */
  readonly imageToText: Float32Array;
  /** f32 [batch, batch]: the share of each picture (column) in what a caption (row) was to match. */
  readonly textToImage: Float32Array;
}

/** One step that is done. */
export interface FinetuneStep {
  /** From 1. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** `itc` and `itm`. */
  readonly losses: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly alpha: number;
  readonly pairsPerSecond: number;
  readonly secondsLeft: number;
  /** After the last step of a pass, where pairs are held out: recalls by ITC. */
  readonly heldOut?: RetrievalMetrics | undefined;
  /** Where `inspect` asked for it. */
  readonly inspection?: StepInspection | undefined;
}

/** A fine-tuning: iterate to train; leave the loop to pause, iterate again to go on. */
export interface FinetuneRun<Model> extends AsyncIterable<FinetuneStep>, Disposable {
  readonly plan: FinetunePlan;
  /** Bytes on the device that training holds beside the model. */
  readonly memoryBytes: number;
  /** Held-out recalls of the untouched model, by ITC. */
  readonly before: RetrievalMetrics | undefined;
  /** The best held-out recalls so far; the weights they belong to are those that `model` and `adapter` give. */
  readonly best: RetrievalMetrics | undefined;
  /** Everything needed to go on later, in another page or process. */
  save(): Promise<Blob>;
  /** What was learnt, as a file that `AlbefModel.withAdapter` reads. */
  adapter(): Promise<Blob>;
  /** A new model with what was learnt; the old one stays as it is. */
  model(): Promise<Model>;
  dispose(): void;
}
