import { candidates } from "../model/candidates.ts";
import type { ModelCore } from "../model/core.ts";
import type {
  AddResult,
  CaptionHit,
  GalleryHit,
  GalleryItem,
  ImageInput,
  PictureIndex,
  PictureIndexOptions,
  ProgressOptions,
  RankStage,
  SearchOptions,
} from "../types.ts";
import { addImages } from "./add.ts";
import { orderByItm } from "./rank.ts";
import { stateCache } from "./states.ts";
import type { GalleryStore, MetaFilter } from "./store.ts";

const DEFAULT_TOP_K = 12;
const DEFAULT_STATE_BUDGET = 256 << 20;
const DEFAULT_KEY_BUDGET = 256 << 20;

export interface PictureIndexCore extends Omit<PictureIndex, "add"> {
  add(items: readonly GalleryItem[], options: ProgressOptions): Promise<AddResult>;
  /** Forgets pictures and states, not features. */
  forgetPictures(): void;
}

interface Query {
  readonly k: number;
  readonly where?: MetaFilter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Adding to, searching and re-ranking any store with a model's features; the store must be open. */
export function pictureIndex(model: ModelCore, store: GalleryStore, options: PictureIndexOptions): PictureIndexCore {
  const states = stateCache(options.stateBudgetBytes ?? DEFAULT_STATE_BUDGET);
  const sources = new Map<string, Blob | URL>();

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

  const pictures = candidates(model.engine, {
    budgetBytes: options.keyBudgetBytes ?? DEFAULT_KEY_BUDGET,
    statesOf,
  });

  const featureOf = async (id: string): Promise<Float32Array> => {
    const feature = await store.feature(id);
    if (!feature) throw new RangeError(`gallery: has no picture ${JSON.stringify(id)}`);
    return feature;
  };

  const nearest = async (feature: Float32Array, query: Query): Promise<GalleryHit[]> => {
    const found = await store.nearest(feature, query);
    return found.map(({ id, score, meta }, rankItc) => ({ id, score, itc: score, rankItc, ...(meta && { meta }) }));
  };

  const searchText = async (text: string, { topK = DEFAULT_TOP_K, rerank = 0, ...options }: SearchOptions) => {
    const { signal, where } = options;
    const lap = stopwatch(options.onStage);
    const [query] = await model.encodeTexts([text], { signal });
    lap("text");
    const hits = await nearest(query!.feature, { k: Math.max(topK, rerank), where, signal });
    lap("search");
    if (rerank === 0) return hits;
    const first = hits.slice(0, rerank).map(({ id }) => id);
    const ranked = orderByItm(hits, await pictures.match(query!, first, { signal }));
    lap("match");
    return ranked.slice(0, topK);
  };

  const dispose = () => {
    pictures.clear();
    store.dispose();
  };

  const index: PictureIndexCore = {
    add: (items, progress) =>
      addImages(model, items, {
        ...progress,
        async keep(added) {
          await store.put(added.map(({ item: { id, meta }, feature }) => ({ id, feature, meta })));
          pictures.forget(added.map(({ item }) => item.id));
          for (const { item, states: encoded } of added) {
            states.offer(item.id, encoded);
            if (item.image instanceof Blob || item.image instanceof URL) sources.set(item.id, item.image);
            else sources.delete(item.id);
          }
        },
      }),
    async remove(ids) {
      const all = [...ids];
      pictures.forget(all);
      for (const id of all) {
        states.delete(id);
        sources.delete(id);
      }
      return store.remove(all);
    },
    missing: (ids) => store.missing([...ids]),
    async search(query: string | ImageInput, rank: SearchOptions = {}) {
      if ((await store.count()) === 0) return [];
      if (typeof query === "string") return searchText(query, rank);
      if (rank.rerank) throw new TypeError("gallery: ITM compares text with images; search by image without rerank");
      const [encoded] = await model.encodeImages([query], { signal: rank.signal });
      return nearest(encoded!.feature, { ...rank, k: rank.topK ?? DEFAULT_TOP_K });
    },
    async similarTo(id, { topK = DEFAULT_TOP_K, where, signal } = {}) {
      const hits = await nearest(await featureOf(id), { k: topK + 1, where, signal });
      const others = hits.filter((hit) => hit.id !== id).slice(0, topK);
      return others.map((hit, rankItc) => ({ ...hit, rankItc }));
    },
    async captionsFor(image, captions, rank = {}): Promise<CaptionHit[]> {
      const { rankCaptions } = await import("../seldom.ts");
      if (typeof image === "string") {
        const feature = await featureOf(image);
        return rankCaptions(model, captions, { ...rank, feature, states: () => statesOf(image, rank.signal) });
      }
      const [encoded] = await model.encodeImages([image], { signal: rank.signal });
      const { feature, states: own } = encoded!;
      return rankCaptions(model, captions, { ...rank, feature, states: async () => own });
    },
    forgetPictures() {
      pictures.clear();
      states.clear();
      sources.clear();
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
  return index;
}

/** Tells the time since the last lap. */
function stopwatch(onStage: SearchOptions["onStage"]) {
  let before = performance.now();
  return (stage: RankStage) => {
    const now = performance.now();
    onStage?.(stage, now - before);
    before = now;
  };
}
