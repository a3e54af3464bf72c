export { DeviceError, WeightError } from "@albef/core";
export { ConfigError, ImageError } from "@albef/encoder";
export { Albef } from "./albef.ts";
export {
  DownloadError,
  GalleryFileError,
  GalleryStoreError,
  IntegrityError,
  MissingHeadError,
  ModelFileError,
  ModelSourceError,
  QuotaError,
} from "./errors.ts";
export type { MetaValue, NearestOptions, StoredPicture, StoreHit, StoreModel } from "./gallery/store.ts";
export type {
  Box,
  GroundedWord,
  Grounding,
  GroundingMode,
  GroundOptions,
  HeatMap,
  HeatMapChoice,
  RankedBox,
} from "./grounding/types.ts";
export { type CachedModel, cachedModels, clearCache } from "./hub/cache.ts";
export { keptModelNames, removeKeptModel } from "./hub/kept-models.ts";
export type { ModelProfile, OpTotal, ProfiledKernel, ProfileOptions } from "./profile/types.ts";
export type { Answer, AnswerOptions, Entailment } from "./tasks/types.ts";
export { FinetuneError } from "./training/errors.ts";
export type {
  CaptionedImage,
  HiddenWord,
  HiddenWordOptions,
  StepInspection,
} from "./training/inspection-types.ts";
export type {
  EntailmentItem,
  PhraseItem,
  QuestionItem,
  StatementItem,
  TaskItems,
  TaskMetrics,
  TaskName,
  TaskOptions,
} from "./training/task-types.ts";
export type {
  AdapterTargets,
  AssignmentOptions,
  Augmentation,
  FinetuneOptions,
  FinetunePlan,
  FinetuneRun,
  FinetuneStep,
  Precision,
  PretrainObjective,
  PretrainOptions,
  TrainedPart,
  TrainingPair,
} from "./training/types.ts";
export type {
  AddResult,
  AlbefModel,
  CachePreference,
  CaptionHit,
  DeviceInfo,
  DeviceKind,
  DevicePreference,
  FeatureDType,
  Features,
  Gallery,
  GalleryHit,
  GalleryItem,
  GalleryOptions,
  GalleryStore,
  ImageInput,
  LoadOptions,
  MatchScore,
  MetaFilter,
  ModelSource,
  OnProgress,
  PictureIndex,
  PictureIndexOptions,
  PictureMeta,
  ProgressEvent,
  ProgressOptions,
  ProgressPhase,
  RankOptions,
  RankStage,
  RawImage,
  ScoreMatrix,
  SearchOptions,
  TuningOptions,
  TuningStore,
} from "./types.ts";
