import type { DecodableImage, RawImage } from "@albef/encoder";
import type { Features, MatchScore, ScoreMatrix } from "./model/feature-types.ts";
import type { FinetuneOptions, FinetuneRun, TrainingPair } from "./training/types.ts";

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

/**
 * `download`, `read` (from the cache or a local file), `verify` (SHA-256), `store` (into the cache), `convert` (a .pth):
 * `loaded` and `total` are bytes of `file`. `upload`: bytes of weights. `compile`, `check`: programs. `index`: images.
 */
export type ProgressPhase =
  | "download"
  | "read"
  | "verify"
  | "store"
  | "convert"
  | "upload"
  | "compile"
  | "check"
  | "index";

export interface ProgressEvent {
  readonly phase: ProgressPhase;
  /** File, program or image that is worked on. */
  readonly file: string;
  readonly loaded: number;
  /** Null where a server does not tell. */
  readonly total: number | null;
  /** Something the user should know, such as that the cache is not usable here. */
  readonly note?: string;
}

export type OnProgress = (event: ProgressEvent) => void;

export interface ProgressOptions {
  readonly onProgress?: OnProgress | undefined;
  /** Ends the work with the signal's reason; nothing half-written stays. */
  readonly signal?: AbortSignal | undefined;
}

/** `opfs`, `cache-api` and `memory` name one store; `auto` takes the first that works; `none` downloads every time. */
export type CachePreference = "auto" | "opfs" | "cache-api" | "memory" | "none";

export interface LoadOptions extends ProgressOptions {
  readonly device?: DevicePreference | undefined;
  /** Storage of weights and activations. Default `auto`: f16 where the device has it and the weights are f16, else f32. */
  readonly dtype?: "auto" | "f32" | "f16" | undefined;
  readonly cache?: CachePreference | undefined;
}

export type { RawImage };

/** An image. Encoded bytes (JPEG, PNG, WebP) as Blob, File or Uint8Array. Strings are text, so an address is a URL. */
export type ImageInput = DecodableImage;

export type { Features, MatchScore, ScoreMatrix };

/** `text`: encoding the query; `search`: the contrastive search; `match`: ITM re-ranking. */
export type RankStage = "text" | "search" | "match";

export interface RankOptions {
  /** Results to return. Default: 12. */
  readonly topK?: number | undefined;
  /** Candidates that ITM re-ranks after the contrastive search; 0 (default) ranks by ITC alone. */
  readonly rerank?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told the wall time of each stage of a search by text, in milliseconds. */
  readonly onStage?: ((stage: RankStage, ms: number) => void) | undefined;
}

interface Ranked {
  /** What the order follows: `itm` where re-ranked, else `itc`. */
  readonly score: number;
  /** Cosine similarity of the features, -1 to 1. */
  readonly itc: number;
  /** Place by ITC alone, 0 first. */
  readonly rankItc: number;
  /** ITM logit of "match"; only on re-ranked results. */
  readonly itm?: number;
}

export interface GalleryHit extends Ranked {
  readonly id: string;
}

export interface CaptionHit extends Ranked {
  readonly caption: string;
  /** Position in the captions given. */
  readonly index: number;
}

/** An image with the name it is to have; without one a File is called by its name. */
export interface GalleryItem {
  readonly id: string;
  readonly image: ImageInput;
}

export interface AddResult {
  /** One per image that was indexed, in the order given. */
  readonly ids: readonly string[];
  /** Images that could not be read; the others are in the gallery. */
  readonly failed: readonly { readonly id: string; readonly error: Error }[];
}

export type FeatureDType = "f32" | "f16" | "int8";

export interface GalleryOptions extends ProgressOptions {
  /** Storage of the features. Default: f16. */
  readonly dtype?: FeatureDType | undefined;
  /** Bytes for image states kept for re-ranking. Default: 256 MiB. */
  readonly stateBudgetBytes?: number | undefined;
  /** Finds the picture of an id again: for re-ranking in a gallery that was loaded from an index. */
  readonly imageOf?: ((id: string) => ImageInput | Promise<ImageInput>) | undefined;
}

/** An index of images that is searched on the device. */
export interface Gallery extends Disposable {
  readonly size: number;
  readonly ids: readonly string[];
  readonly dtype: FeatureDType;
  /** Indexes images. After an abort those that were done stay. An id that is taken is replaced. */
  add(images: Iterable<ImageInput | GalleryItem>, options?: ProgressOptions): Promise<AddResult>;
  /** Removes what is there; returns how many were. */
  remove(ids: Iterable<string>): number;
  /** Best first. A string is text; re-ranking needs text, so `rerank` with an image is an error. */
  search(query: string | ImageInput, options?: RankOptions): Promise<GalleryHit[]>;
  /** The images most like one of the gallery, that one left out. */
  similarTo(id: string, options?: Omit<RankOptions, "rerank">): Promise<GalleryHit[]>;
  /** Which of these captions fits an image (one of the gallery by id, or any); best first. */
  captionsFor(image: string | ImageInput, captions: readonly string[], options?: RankOptions): Promise<CaptionHit[]>;
  /** The index as a file: features and ids, not the pictures. */
  toBlob(): Blob;
  /** Writes the index to `opfs:name` or, in Node, a path: to a new file first, which then takes its place. */
  save(target: string): Promise<void>;
  /** Replaces the contents by a saved index; on an error the gallery stays as it was. */
  load(source: string | URL | Blob, options?: ProgressOptions): Promise<void>;
  dispose(): void;
}

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
  gallery(images?: Iterable<ImageInput | GalleryItem>, options?: GalleryOptions): Promise<Gallery>;
  /**
   * Fine-tunes on pictures with captions, on this device. Nothing changes in this model: the run gives a new one. Throws
   * FinetuneError where pairs or options cannot be trained with.
   */
  finetune(
    pairs: Iterable<TrainingPair> | AsyncIterable<TrainingPair>,
    options?: FinetuneOptions,
  ): Promise<FinetuneRun<AlbefModel>>;
  /** A new model with what a fine-tuning learnt. Throws FinetuneError where the file is another model's. */
  withAdapter(adapter: Blob): Promise<AlbefModel>;
  dispose(): void;
}
