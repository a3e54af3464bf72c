import { createGallery, openSharedGallery } from "./gallery/gallery.ts";
import { concatRows } from "./model/batches.ts";
import { type ModelCore, modelCore } from "./model/core.ts";
import { matchScoreOf } from "./model/feature-types.ts";
import { type LoadedModel, loadModel } from "./model/load.ts";
import type { AnyPretrainOptions } from "./training/pretrain.ts";
import type { TaskName, TaskOptions } from "./training/task-types.ts";
import type { FinetuneOptions, TrainingPair } from "./training/types.ts";
import type { AlbefModel, Features, LoadOptions, ModelSource } from "./types.ts";

export const Albef = {
  /**
   * Loads a model: config.json, tokenizer.json (or vocab.txt) and model.safetensors (or its shards). Downloads are verified,
   * kept and taken up again after a break. Throws ModelSourceError, ModelFileError, DownloadError, IntegrityError,
   * QuotaError, WeightError or DeviceError, or the signal's reason.
   */
  async fromPretrained(source: ModelSource, options: LoadOptions = {}): Promise<AlbefModel> {
    return publicModel(await loadModel(source, options));
  },
} as const;

/** Pages that only search do not load it. */
const later = () => import("./later.ts");

function publicModel(loaded: LoadedModel): AlbefModel {
  const core = modelCore(loaded);
  const { config, engine, device, fingerprint, rerankHelps } = loaded;
  const model: AlbefModel = {
    device,
    fingerprint,
    rerankHelps,
    imageSize: config.vision.imageSize,
    featureSize: config.embedDim,
    async encodeImages(images, options) {
      return featuresOf(core, await core.encodeImages([...images], options));
    },
    async encodeTexts(texts, options) {
      return featuresOf(core, await core.encodeTexts([...texts], options));
    },
    async similarity(a, b) {
      const { similarityOf } = await later();
      return similarityOf(engine.executor, a, b);
    },
    async matchScores(image, texts, options = {}) {
      const encoded = await core.encodeTexts([...texts], options);
      if (encoded.length === 0) return [];
      const [shown] = await core.encodeImages([image], options);
      const logits = await engine.matchImage(encoded, shown!.states, options);
      return logits.map(matchScoreOf);
    },
    async ground(image, text, options = {}) {
      const { ground } = await later();
      return ground(loaded, image, text, options);
    },
    async entails(image, text, options) {
      const { entails } = await later();
      return entails(loaded, image, text, options);
    },
    async compare(first, second, text, options) {
      const { compare } = await later();
      return compare(loaded, [first, second], text, options);
    },
    async answer(image, question, options) {
      const { answer } = await later();
      return answer(loaded, image, question, options);
    },
    async gallery(images = [], options = {}) {
      const gallery = createGallery(core, options);
      try {
        await gallery.add(images, options);
        return gallery;
      } catch (error) {
        gallery.dispose();
        throw error;
      }
    },
    sharedGallery: (store, options) => openSharedGallery(core, store, options),
    async profile(options) {
      const { profileModel } = await later();
      return profileModel(loaded, options);
    },
    finetune: finetuneOf(loaded),
    pretrain: pretrainOf(loaded),
    async withAdapter(adapter) {
      const { readAdapter, tunedModel } = await later();
      return publicModel(await tunedModel(loaded, await readAdapter(adapter, fingerprint)));
    },
    dispose: () => loaded.dispose(),
    [Symbol.dispose]: () => loaded.dispose(),
  };
  return model;
}

/** For a task by its name, or for retrieval. */
function finetuneOf(loaded: LoadedModel): AlbefModel["finetune"] {
  const finetune = async (items: never, options: FinetuneOptions & TaskOptions & { readonly task?: TaskName } = {}) => {
    const { finetuneTask, RETRIEVAL_GOAL, startTraining } = await later();
    const { task, ...rest } = options;
    if (task !== undefined) return finetuneTask(loaded, items, { ...rest, task, publish: publicModel });
    return startTraining(loaded, items, { ...rest, goal: RETRIEVAL_GOAL, publish: publicModel });
  };
  return finetune as AlbefModel["finetune"]; // which items fit which task, its overloads say
}

function pretrainOf(loaded: LoadedModel): AlbefModel["pretrain"] {
  const pretrain = async (
    pairs: Iterable<TrainingPair> | AsyncIterable<TrainingPair>,
    options: AnyPretrainOptions = {},
  ) => {
    const { startTraining, pretrainGoal } = await later();
    return startTraining(loaded, pairs, { ...options, goal: pretrainGoal(loaded, options), publish: publicModel });
  };
  return pretrain as AlbefModel["pretrain"]; // what is measured in which task, its overloads say
}

function featuresOf(core: ModelCore, encoded: readonly { readonly feature: Float32Array }[]): Features {
  const data = concatRows(encoded.map(({ feature }) => feature));
  return { data, rows: encoded.length, width: core.featureSize };
}
