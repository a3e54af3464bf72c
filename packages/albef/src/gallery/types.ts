import type { DecodableImage } from "@albef/encoder";
import type { ProgressOptions } from "../progress.ts";
import type { MetaFilter, PictureMeta } from "./store.ts";

/** An image. Encoded bytes (JPEG, PNG, WebP) as Blob, File or Uint8Array. Strings are text, so an address is a URL. */
export type ImageInput = DecodableImage;

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

export interface SearchOptions extends RankOptions {
  /** Only pictures whose meta has these values. */
  readonly where?: MetaFilter | undefined;
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
  readonly meta?: PictureMeta;
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
  /** What searches can be filtered by (`where`) and hits tell. */
  readonly meta?: PictureMeta | undefined;
}

export interface AddResult {
  /** One per image that was indexed, in the order given. */
  readonly ids: readonly string[];
  /** Images that could not be read; the others are in the gallery. */
  readonly failed: readonly { readonly id: string; readonly error: Error }[];
}

export type FeatureDType = "f32" | "f16" | "int8";

export interface PictureIndexOptions {
  /** Bytes for image states kept for re-ranking, as 16-bit floats. Default: 256 MiB. */
  readonly stateBudgetBytes?: number | undefined;
  /** Device memory for what re-ranking makes of pictures whatever the words, in bytes. Default: 256 MiB. */
  readonly keyBudgetBytes?: number | undefined;
  /** Finds the picture of an id again: for re-ranking pictures that this gallery has not indexed itself. */
  readonly imageOf?: ((id: string) => ImageInput | Promise<ImageInput>) | undefined;
}

export interface GalleryOptions extends PictureIndexOptions, ProgressOptions {
  /** Storage of the features. Default: f16. */
  readonly dtype?: FeatureDType | undefined;
}

/** Pictures that are searched by text and by picture, wherever their features are kept. */
export interface PictureIndex extends Disposable {
  /** Indexes images. After an abort those that were done stay. An id that is taken is replaced. */
  add(images: Iterable<ImageInput | GalleryItem>, options?: ProgressOptions): Promise<AddResult>;
  /** Removes what is there; tells how many were. */
  remove(ids: Iterable<string>): Promise<number>;
  /** Those of the ids that are not in it. */
  missing(ids: Iterable<string>): Promise<string[]>;
  /** Best first. A string is text; re-ranking needs text, so `rerank` with an image is an error. */
  search(query: string | ImageInput, options?: SearchOptions): Promise<GalleryHit[]>;
  /** The images most like one of the gallery, that one left out. */
  similarTo(id: string, options?: Omit<SearchOptions, "rerank">): Promise<GalleryHit[]>;
  /** Which of these captions fits an image (one of the gallery by id, or any); best first. */
  captionsFor(image: string | ImageInput, captions: readonly string[], options?: RankOptions): Promise<CaptionHit[]>;
  dispose(): void;
}

/** An index in memory, searched on the device. */
export interface Gallery extends PictureIndex {
  readonly size: number;
  readonly ids: readonly string[];
  readonly dtype: FeatureDType;
  /** The index as a file: features and ids, not the pictures. */
  toBlob(): Blob;
  /** Writes the index to `opfs:name` or, in Node, a path: to a new file first, which then takes its place. */
  save(target: string): Promise<void>;
  /** Replaces the contents by a saved index; on an error the gallery stays as it was. */
  load(source: string | URL | Blob, options?: ProgressOptions): Promise<void>;
}
