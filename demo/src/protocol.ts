import type { DeviceInfo, DevicePreference, GalleryHit, ProgressEvent } from "albef";

/** A picture of the gallery that comes with the page. */
export interface GalleryEntry {
  readonly file: string;
  readonly caption: string;
  readonly license: string;
  readonly source: string;
  readonly author: string;
}

/** The page's own weights, an address, or files that the user gave. */
export type ModelChoice =
  | { readonly kind: "embedded" }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "files"; readonly files: File[] };

export interface OpenedModel {
  readonly device: DeviceInfo;
  readonly loadMs: number;
  readonly indexMs: number;
  /** Ids `gallery/<file>` in order, then those of the user's own photos. */
  readonly ids: readonly string[];
  readonly rerankHelps: boolean;
}

export interface SearchOutcome {
  readonly hits: readonly GalleryHit[];
  readonly ms: number;
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

export type Report = (event: ProgressEvent) => void;

/** What the worker does for the page. */
export interface SearchWorker {
  open(
    choice: ModelChoice,
    device: DevicePreference,
    entries: readonly GalleryEntry[],
    report: Report,
  ): Promise<OpenedModel>;
  search(request: SearchRequest): Promise<SearchOutcome>;
  similar(id: string, topK: number): Promise<SearchOutcome>;
  addPhotos(files: readonly File[], report: Report): Promise<PhotosAdded>;
  removePhoto(id: string): Promise<void>;
  photo(id: string): Promise<Blob>;
  cancel(): void;
}

export const OWN = "own/";
