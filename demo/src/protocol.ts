import type { DeviceInfo, DevicePreference, GalleryHit, ProgressEvent, RankStage } from "albef";

/** A picture of the gallery that comes with the page. */
export interface GalleryEntry {
  readonly file: string;
  readonly caption: string;
  readonly license: string;
  readonly source: string;
  readonly author: string;
  /** Photographs fill their card, drawings keep a margin. */
  readonly kind: "drawing" | "photograph";
}

/** The page's own weights, an address, a model that this browser keeps, or files that the user gave. */
export type ModelChoice =
  | { readonly kind: "embedded" }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "kept"; readonly name: string }
  | { readonly kind: "files"; readonly files: File[] };

export interface OpenedModel {
  readonly device: DeviceInfo;
  readonly loadMs: number;
  readonly indexMs: number;
  /** Ids `gallery/<file>` in order, then those of the user's own photos. */
  readonly ids: readonly string[];
  /** Whether re-ranking is on at first: where it was measured to help. */
  readonly rerankHelps: boolean;
  /** Whether it has learnt from the user's photos. */
  readonly isTaught: boolean;
}

export interface SearchOutcome {
  readonly hits: readonly GalleryHit[];
  readonly stages: readonly { readonly stage: RankStage; readonly ms: number }[];
}

export interface SearchRequest {
  readonly text: string;
  readonly topK: number;
  readonly rerank: number;
  readonly onlyOwn: boolean;
}

export interface PhotosAdded {
  readonly ids: readonly string[];
  readonly failed: readonly string[];
}

export interface CaptionedPhoto {
  readonly id: string;
  readonly caption: string;
}

export interface TeachStep {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly secondsLeft: number;
}

/** Photos that their own caption finds first, before and after the steps taken. */
export interface TaughtSteps {
  readonly steps: number;
  readonly before: number;
  readonly after: number;
  readonly photos: number;
}

export interface Taught extends TaughtSteps {
  readonly opened: OpenedModel;
}

export type TeachReport = (step: TeachStep) => void;

export type Report = (event: ProgressEvent) => void;

/** What the worker does for the page. */
export interface SearchWorker {
  open(
    choice: ModelChoice,
    device: DevicePreference,
    entries: readonly GalleryEntry[],
    report: Report,
  ): Promise<OpenedModel>;
  /** Names of converted models that this browser keeps. */
  keptModels(): Promise<string[]>;
  removeModel(name: string): Promise<void>;
  search(request: SearchRequest): Promise<SearchOutcome>;
  similar(id: string, topK: number): Promise<SearchOutcome>;
  addPhotos(files: readonly File[], report: Report): Promise<PhotosAdded>;
  removePhoto(id: string): Promise<void>;
  /** Trains on the photos; the model that has learnt takes the place of the one in use. */
  teach(captioned: readonly CaptionedPhoto[], onStep: TeachReport, report: Report): Promise<Taught>;
  /** Ends teaching after the present step; what was learnt is used. */
  stopTeaching(): void;
  /** Back to the model as it came. */
  forget(report: Report): Promise<OpenedModel>;
  /** A small WebP of one of the user's photos. */
  thumbnail(id: string): Promise<Blob>;
  cancel(): void;
}

export const OWN = "own/";

export const isOwn = (id: string): boolean => id.startsWith(OWN);
