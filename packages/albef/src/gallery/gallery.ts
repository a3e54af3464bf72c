import { GalleryFileError } from "../errors.ts";
import type { ModelCore } from "../model/core.ts";
import type {
  AddResult,
  CaptionHit,
  Gallery,
  GalleryHit,
  GalleryItem,
  GalleryOptions,
  ImageInput,
  ProgressOptions,
  RankOptions,
  RankStage,
} from "../types.ts";
import { addImages } from "./add.ts";
import { type Contents, contentsOf, emptyContents } from "./contents.ts";
import { readIndex, writeIndex } from "./index-file.ts";
import { readSource, writeTarget } from "./index-store.ts";
import { orderByItm, rankCaptions } from "./rank.ts";
import { stateCache } from "./states.ts";

const DEFAULT_TOP_K = 12;
const DEFAULT_STATE_BUDGET = 256 << 20;

/** An empty gallery of a model's features. */
export function createGallery(model: ModelCore, options: GalleryOptions = {}): Gallery {
  const { engine, featureSize, fingerprint } = model;
  const states = stateCache(options.stateBudgetBytes ?? DEFAULT_STATE_BUDGET);
  const sources = new Map<string, Blob | URL>();
  let contents: Contents = emptyContents(engine.executor, featureSize, options.dtype ?? "f16");

  /** Image states for re-ranking: kept, or computed from the picture again. */
  const statesOf = async (id: string, signal?: AbortSignal): Promise<Float32Array> => {
    const kept = states.get(id);
    if (kept) return kept;
    const image = sources.get(id) ?? (await options.imageOf?.(id));
    if (!image) throw new Error(`gallery: re-ranking needs the picture ${id} again; give gallery() the option imageOf`);
    const [encoded] = await model.encodeImages([image], { signal });
    states.set(id, encoded!.states);
    return encoded!.states;
  };

  const nearest = async (feature: Float32Array, k: number, signal?: AbortSignal): Promise<GalleryHit[]> => {
    const from = contents; // a load meanwhile must not mix two indexes
    const found = await from.blocks.search(feature, Math.min(k, from.rows.size), signal);
    return found.map(({ row, score }, rankItc) => ({ id: from.idOf(row), score, itc: score, rankItc }));
  };

  const searchText = async (text: string, options: RankOptions) => {
    const { topK = DEFAULT_TOP_K, rerank = 0, signal } = options;
    const lap = stopwatch(options.onStage);
    const [query] = await model.encodeTexts([text], { signal });
    lap("text");
    const hits = await nearest(query!.feature, Math.max(topK, rerank), signal);
    lap("search");
    if (rerank === 0) return hits;
    const images: Float32Array[] = [];
    for (const { id } of hits.slice(0, rerank)) images.push(await statesOf(id, signal));
    const ranked = orderByItm(hits, await engine.match([query!], images, { signal }));
    lap("match");
    return ranked.slice(0, topK);
  };

  const gallery: Gallery = {
    get size() {
      return contents.rows.size;
    },
    get ids() {
      return [...contents.rows.keys()];
    },
    get dtype() {
      return contents.blocks.dtype;
    },
    add(images: Iterable<ImageInput | GalleryItem>, progress: ProgressOptions = {}): Promise<AddResult> {
      const keep = ({ id, image }: GalleryItem, feature: Float32Array, encoded: Float32Array) => {
        contents.put(id, feature);
        states.offer(id, encoded);
        if (image instanceof Blob || image instanceof URL) sources.set(id, image);
        else sources.delete(id);
      };
      return addImages(model, images, { ...progress, isTaken: (id) => contents.rows.has(id), keep });
    },
    remove(ids: Iterable<string>): number {
      let removed = 0;
      for (const id of ids) {
        if (contents.remove(id)) removed++;
        states.delete(id);
        sources.delete(id);
      }
      return removed;
    },
    async search(query: string | ImageInput, rank: RankOptions = {}): Promise<GalleryHit[]> {
      if (contents.rows.size === 0) return [];
      if (typeof query === "string") return searchText(query, rank);
      if (rank.rerank) throw new TypeError("gallery: ITM compares text with images; search by image without rerank");
      const [encoded] = await model.encodeImages([query], { signal: rank.signal });
      return nearest(encoded!.feature, rank.topK ?? DEFAULT_TOP_K, rank.signal);
    },
    async similarTo(id, { topK = DEFAULT_TOP_K, signal } = {}) {
      const hits = await nearest(featureOf(contents, id), topK + 1, signal);
      return hits
        .filter((hit) => hit.id !== id)
        .slice(0, topK)
        .map((hit, rankItc) => ({ ...hit, rankItc }));
    },
    async captionsFor(image, captions, rank = {}): Promise<CaptionHit[]> {
      if (typeof image !== "string") {
        const [encoded] = await model.encodeImages([image], { signal: rank.signal });
        return rankCaptions(model, captions, {
          ...rank,
          feature: encoded!.feature,
          states: async () => encoded!.states,
        });
      }
      const feature = featureOf(contents, image);
      return rankCaptions(model, captions, { ...rank, feature, states: () => statesOf(image, rank.signal) });
    },
    toBlob: () => new Blob([writeIndex(contents.saved(fingerprint))], { type: "application/octet-stream" }),
    save: (target) => writeTarget(target, writeIndex(contents.saved(fingerprint))),
    async load(source, { signal } = {}) {
      const { file, where } = await readSource(source, signal);
      const index = readIndex(file, where);
      if (index.fingerprint !== fingerprint || index.features.width !== featureSize) {
        throw new GalleryFileError(`${where}: was made with another model; index its pictures again with this one`);
      }
      contents.blocks.dispose();
      contents = contentsOf(engine.executor, index);
      states.clear();
      sources.clear();
    },
    dispose: () => contents.blocks.dispose(),
    [Symbol.dispose]: () => gallery.dispose(),
  };
  return gallery;
}

/** Tells the time since the last lap. */
function stopwatch(onStage: RankOptions["onStage"]) {
  let before = performance.now();
  return (stage: RankStage) => {
    const now = performance.now();
    onStage?.(stage, now - before);
    before = now;
  };
}

function featureOf({ rows, blocks }: Contents, id: string): Float32Array {
  const row = rows.get(id);
  if (row === undefined) throw new RangeError(`gallery: has no picture ${JSON.stringify(id)}`);
  return blocks.vector(row);
}
