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
  /** Whether weights had to be fetched; else they were kept here. */
  readonly isDownloaded: boolean;
  /** Ids `gallery/<file>` in order, then those of the user's own photos. */
  readonly ids: readonly string[];
  /** Whether re-ranking is on at first: where it was measured to help. */
  readonly rerankHelps: boolean;
  /** The lesson that it has learnt, if one. */
  readonly lesson?: string | undefined;
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
  /** Whether the user ended it before all were looked at. */
  readonly isCancelled: boolean;
}

export type Report = (event: ProgressEvent) => void;

export interface SearchCalls {
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
  /** A small WebP of one of the user's photos. */
  thumbnail(id: string): Promise<Blob>;
  /** Ends what is under way: loading, indexing, a lesson. What was there before stays as it was. */
  cancel(): void;
}

export const OWN = "own/";

export const isOwn = (id: string): boolean => id.startsWith(OWN);

export const nameOfOwn = (id: string): string => id.slice(OWN.length);
