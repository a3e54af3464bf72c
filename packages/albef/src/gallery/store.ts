export type MetaValue = string | number | boolean;

/** What is known of a picture besides its feature, for filters: flat, by name. */
export type PictureMeta = Readonly<Record<string, MetaValue>>;

/** Pictures whose value of each name is the one given, or one of those given. */
export type MetaFilter = Readonly<Record<string, MetaValue | readonly MetaValue[]>>;

export interface StoredPicture {
  readonly id: string;
  /** A unit vector as wide as the store. */
  readonly feature: Float32Array;
  readonly meta?: PictureMeta | undefined;
}

export interface StoreHit {
  readonly id: string;
  /** Cosine similarity, -1 to 1. */
  readonly score: number;
  readonly meta?: PictureMeta | undefined;
}

export interface NearestOptions {
  /** Hits wanted, 1 to 10,000. */
  readonly k: number;
  readonly where?: MetaFilter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The model whose features a store holds. */
export interface StoreModel {
  readonly fingerprint: string;
  /** Of the features. */
  readonly width: number;
}

/**
 * Where the features of a gallery are kept and searched: in memory, in a database, behind an HTTP server. What it is given
 * is checked (`checked-store.ts`), so that implementations see sound values only.
 */
export interface GalleryStore extends Disposable {
  /** Comes first. Makes what is not there yet. Throws GalleryStoreError where the store holds another model's features. */
  open(model: StoreModel): Promise<void>;
  /** Inserts pictures, or replaces those with the same id: all of them or, on an error, none. */
  put(pictures: readonly StoredPicture[]): Promise<void>;
  /** Removes what is there; tells how many were. */
  remove(ids: readonly string[]): Promise<number>;
  feature(id: string): Promise<Float32Array | undefined>;
  /** Those of the ids that it does not hold, in their order. */
  missing(ids: readonly string[]): Promise<string[]>;
  /** The pictures most similar to a unit vector, best first. */
  nearest(feature: Float32Array, options: NearestOptions): Promise<StoreHit[]>;
  count(): Promise<number>;
  /** Frees what the store itself holds; a connection that it was given stays its owner's. */
  dispose(): void;
}
