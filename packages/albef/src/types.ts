import type { TuningOptions, TuningStore } from "@albef/core";
import type { RawImage } from "@albef/encoder";
import type { GalleryStore, MetaFilter, PictureMeta } from "./gallery/store.ts";
import type {
  Gallery,
  GalleryItem,
  GalleryOptions,
  ImageInput,
  PictureIndex,
  PictureIndexOptions,
} from "./gallery/types.ts";
import type { Grounding, GroundOptions } from "./grounding/types.ts";
import type { Features, MatchScore, ScoreMatrix } from "./model/feature-types.ts";
import type { ModelProfile, ProfileOptions } from "./profile/types.ts";
import type { ProgressOptions } from "./progress.ts";
import type { Answer, AnswerOptions, Entailment } from "./tasks/types.ts";
import type { TaskItems, TaskMetrics, TaskName, TaskOptions } from "./training/task-types.ts";
import type {
  AssignmentOptions,
  FinetuneOptions,
  FinetuneRun,
  PretrainOptions,
  TrainingPair,
} from "./training/types.ts";

/** Where a model comes from: a URL or (in Node) a folder path, `opfs:name`, picked or dropped files, a picked folder. */
export type ModelSource = string | URL | readonly File[] | FileSystemDirectoryHandle;

/** `auto` takes a hardware WebGPU adapter, else tfjs wasm. A software adapter is taken only as `webgpu`. */
export type DevicePreference = "auto" | "webgpu" | "wasm" | "cpu" | GPUDevice;

export type DeviceKind = "webgpu" | "wasm" | "cpu";

/** What a model runs on. */
export interface DeviceInfo {
  readonly kind: DeviceKind;
  /** The adapter's or backend's name, for people. */
  readonly description: string;
  /** Why this device was taken, one sentence. */
  readonly reason: string;
  /** Whether weights and activations can be stored as f16. */
  readonly f16: boolean;
}

/** `opfs`, `cache-api` and `memory` name one store; `auto` takes the first that works; `none` downloads every time. */
export type CachePreference = "auto" | "opfs" | "cache-api" | "memory" | "none";

export interface LoadOptions extends ProgressOptions {
  readonly device?: DevicePreference | undefined;
  /** Storage of weights and activations. Default `auto`: f16 where the device has it and the weights are f16, else f32. */
  readonly dtype?: "auto" | "f32" | "f16" | undefined;
  readonly cache?: CachePreference | undefined;
  /** On WebGPU: measures once for each adapter which kernels are fastest, and keeps that. Default: nothing is measured. */
  readonly tuning?: TuningOptions | undefined;
}

export type {
  AddResult,
  CaptionHit,
  FeatureDType,
  Gallery,
  GalleryHit,
  GalleryItem,
  GalleryOptions,
  ImageInput,
  PictureIndex,
  PictureIndexOptions,
  RankOptions,
  RankStage,
  SearchOptions,
} from "./gallery/types.ts";
export type { OnProgress, ProgressEvent, ProgressOptions, ProgressPhase } from "./progress.ts";
export type {
  Features,
  GalleryStore,
  MatchScore,
  MetaFilter,
  PictureMeta,
  RawImage,
  ScoreMatrix,
  TuningOptions,
  TuningStore,
};

/** ALBEF, ready to run. */
export interface AlbefModel extends Disposable {
  readonly device: DeviceInfo;
  /** Width and height that images are resized to. */
  readonly imageSize: number;
  /** Width of the features. */
  readonly featureSize: number;
  /** Tells models apart: a hash over the configuration and the projection weights. */
  readonly fingerprint: string;
  /** Whether re-ranking by ITM beats ITC alone on held-out pairs, as config.json says (`rerank`; default true). */
  readonly rerankHelps: boolean;
  encodeImages(images: Iterable<ImageInput>, options?: ProgressOptions): Promise<Features>;
  encodeTexts(texts: Iterable<string>, options?: ProgressOptions): Promise<Features>;
  /** Cosine similarities: a [m, width], b [n, width] -> [m, n]. */
  similarity(a: Features, b: Features): Promise<ScoreMatrix>;
  /** ITM of one image with each text. */
  matchScores(image: ImageInput, texts: Iterable<string>, options?: ProgressOptions): Promise<MatchScore[]>;
  /**
   * Where in the picture a text is, by Grad-CAM through the matching score: a map of the whole phrase, a word or a head,
   * resized to the picture. Throws RangeError where an option does not fit the model.
   */
  ground(image: ImageInput, text: string, options?: GroundOptions): Promise<Grounding>;
  /** Where the time of this model goes on this device, kernel by kernel. Takes seconds, on CPU adapters a minute. */
  profile(options?: ProfileOptions): Promise<ModelProfile>;
  /**
   * Whether a picture entails a sentence, contradicts it or leaves it open: probabilities. Throws MissingHeadError where the
   * weights have no head for it.
   */
  entails(image: ImageInput, text: string, options?: ProgressOptions): Promise<Entailment>;
  /** How likely a text is true of two pictures, 0 to 1. Throws MissingHeadError where the weights have no head for it. */
  compare(first: ImageInput, second: ImageInput, text: string, options?: ProgressOptions): Promise<number>;
  /**
   * Answers a question to a picture, best answers first: by probability among `candidates`, else in its own words. Throws
   * MissingHeadError where the weights have no answer decoder, RangeError where an option makes no sense.
   */
  answer(image: ImageInput, question: string, options?: AnswerOptions): Promise<Answer[]>;
  gallery(images?: Iterable<ImageInput | GalleryItem>, options?: GalleryOptions): Promise<Gallery>;
  /**
   * A gallery whose features are kept in a store that others share (`albef/stores`). Unnamed pictures are no use there:
   * give ids. Throws GalleryStoreError where the store holds another model's features.
   */
  sharedGallery(store: GalleryStore, options?: PictureIndexOptions): Promise<PictureIndex>;
  /**
   * Fine-tunes on pictures with captions, on this device. Nothing changes in this model: the run gives a new one. Throws
   * FinetuneError where pairs or options cannot be trained with.
   */
  finetune(
    pairs: Iterable<TrainingPair> | AsyncIterable<TrainingPair>,
    options?: FinetuneOptions & { readonly task?: undefined },
  ): Promise<FinetuneRun<AlbefModel>>;
  /** Fine-tunes for a downstream task by the same trainer; held-out items are measured by accuracy. */
  finetune<Task extends TaskName>(
    items: Iterable<TaskItems[Task]> | AsyncIterable<TaskItems[Task]>,
    options: FinetuneOptions & TaskOptions & { readonly task: Task },
  ): Promise<FinetuneRun<AlbefModel, TaskMetrics>>;
  /**
   * Goes on with pre-training (paper section 3): ITC, ITM and MLM with momentum distillation, by the same trainer as
   * `finetune`. The weights must hold the head of MLM. Throws FinetuneError.
   */
  pretrain(
    pairs: Iterable<TrainingPair> | AsyncIterable<TrainingPair>,
    options?: PretrainOptions & { readonly task?: undefined },
  ): Promise<FinetuneRun<AlbefModel>>;
  /**
   * Text assignment (paper section 4.4): which of two pictures a caption belongs to, if to any. Doubles the fusion layers
   * and needs no labels; the model it gives is fine-tuned with task "nlvr". Held-out captions are measured by accuracy.
   */
  pretrain(
    pairs: Iterable<TrainingPair> | AsyncIterable<TrainingPair>,
    options: AssignmentOptions,
  ): Promise<FinetuneRun<AlbefModel, TaskMetrics>>;
  /** A new model with what a fine-tuning learnt. Throws FinetuneError where the file is another model's. */
  withAdapter(adapter: Blob): Promise<AlbefModel>;
  dispose(): void;
}
