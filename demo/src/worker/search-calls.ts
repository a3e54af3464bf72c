import { keptModelNames, type RankStage, removeKeptModel } from "albef";
import { isOwn, nameOfOwn, OWN, type SearchCalls } from "../protocol/search.ts";
import type { Desk } from "./desk.ts";
import { keep } from "./gallery-index.ts";
import { sourceOf } from "./model-source.ts";
import { freeName } from "./photo-store.ts";
import { thumbnailOf } from "./thumbnail.ts";

export function searchCalls(desk: Desk): SearchCalls {
  return {
    async open(choice, device, entries, report) {
      const signal = desk.begin();
      const source = await sourceOf(choice, desk.page, { onProgress: report, signal });
      return desk.load(source, { device, entries, isEmbedded: choice.kind === "embedded", report, signal });
    },
    keptModels: () => keptModelNames().catch(() => []), // a browser without the private file system keeps none
    removeModel: removeKeptModel,
    async search({ text, topK, rerank, onlyOwn }) {
      const { gallery } = desk.current();
      const stages: { stage: RankStage; ms: number }[] = [];
      const onStage = (stage: RankStage, ms: number) => stages.push({ stage, ms });
      const hits = await gallery.search(text, { topK: onlyOwn ? gallery.size : topK, rerank, onStage });
      return { hits: onlyOwn ? hits.filter((hit) => isOwn(hit.id)).slice(0, topK) : hits, stages };
    },
    async similar(id, topK) {
      const started = performance.now();
      const hits = await desk.current().gallery.similarTo(id, { topK });
      return { hits, stages: [{ stage: "search", ms: performance.now() - started }] };
    },
    addPhotos: (files, report) => addPhotos(desk, files, report),
    async removePhoto(id) {
      const { gallery, places } = desk.current();
      await (await desk.photos).remove(nameOfOwn(id));
      await gallery.remove([id]);
      await keep(gallery, places);
    },
    thumbnail: async (id) => thumbnailOf(await (await desk.photos).read(nameOfOwn(id))),
    cancel: desk.cancel,
  };
}

/** One at a time, so that those that were looked at before a cancel are kept. */
const addPhotos = async (desk: Desk, ...[files, report]: Parameters<SearchCalls["addPhotos"]>) => {
  const signal = desk.begin();
  const { gallery, places } = desk.current();
  const photos = await desk.photos;
  const ids: string[] = [];
  const failed: string[] = [];
  for (const file of files) {
    report({ phase: "index", file: file.name, loaded: ids.length + failed.length, total: files.length });
    const id = OWN + (await freeName(photos, file));
    try {
      const added = await gallery.add([{ id, image: file }], { signal });
      failed.push(...added.failed.map(({ error }) => `${file.name}: ${error.message}`));
      if (added.ids.length === 0) continue;
      await photos.write(nameOfOwn(id), file);
      ids.push(id);
    } catch (error) {
      if (signal.aborted) break;
      throw error;
    }
  }
  await keep(gallery, places);
  return { ids, failed, isCancelled: signal.aborted };
};
