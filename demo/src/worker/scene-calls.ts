import type { AlbefModel, Gallery, ProgressOptions } from "albef";
import { type Scene, type SceneCalls, sceneId } from "../protocol/scenes.ts";
import type { Desk } from "./desk.ts";

const INDEX = "scenes/scenes.index";

export function sceneCalls(desk: Desk): SceneCalls {
  let opened: { readonly model: AlbefModel; readonly gallery: Promise<Gallery> } | undefined;

  /** The scenes' gallery for the model in use. */
  const galleryOf = (scenes: readonly Scene[], options: ProgressOptions): Promise<Gallery> => {
    const { model } = desk.current();
    if (opened?.model === model) return opened.gallery;
    opened?.gallery.then(
      (gallery) => gallery.dispose(),
      () => undefined,
    );
    const gallery = openScenes(desk, model, scenes, options);
    opened = { model, gallery };
    gallery.catch(() => {
      opened = undefined; // the next call tries again
    });
    return gallery;
  };

  return {
    async rankScenes(scenes, text, report) {
      const gallery = await galleryOf(scenes, { onProgress: report });
      const started = performance.now();
      const hits = await gallery.search(text, { topK: gallery.size, rerank: gallery.size });
      return { hits, ms: performance.now() - started };
    },
    async countFoils(scenes, report) {
      const { model } = desk.current();
      const signal = desk.begin();
      let [itc, itm] = [0, 0];
      for (const [done, scene] of scenes.entries()) {
        signal.throwIfAborted();
        report({ phase: "index", file: scene.file, loaded: done, total: scenes.length });
        const image = await desk.imageOf(sceneId(scene));
        const both = [scene.sentence, scene.foil];
        const scores = await model.similarity(await model.encodeImages([image]), await model.encodeTexts(both));
        const matches = await model.matchScores(image, both);
        if (scores.data[0]! > scores.data[1]!) itc++;
        if (matches[0]!.logit > matches[1]!.logit) itm++;
      }
      return { itc, itm, scenes: scenes.length };
    },
  };
}

/** The index that came with the page where it is the model's, else computed here. */
async function openScenes(desk: Desk, model: AlbefModel, scenes: readonly Scene[], options: ProgressOptions) {
  const gallery = await model.gallery([], { imageOf: desk.imageOf });
  try {
    await gallery.load(new URL(INDEX, desk.page), options);
  } catch {
    options.signal?.throwIfAborted(); // not there, or of another model
    const items = scenes.map(async (scene) => ({ id: sceneId(scene), image: await desk.imageOf(sceneId(scene)) }));
    await gallery.add(await Promise.all(items), options);
  }
  return gallery;
}
