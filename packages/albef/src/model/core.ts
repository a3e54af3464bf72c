import { MissingHeadError } from "../errors.ts";
import type { ImageInput, ProgressOptions } from "../types.ts";
import type { EncodedImage, EncodedText } from "./encoded.ts";
import type { Engine } from "./engine.ts";
import { readPixels } from "./images.ts";
import type { LoadedModel } from "./load.ts";
import { tokenizeCaptions } from "./texts.ts";

/** A model as galleries and the public API use it: from images and words to features and states. */
export interface ModelCore {
  readonly engine: Engine;
  readonly featureSize: number;
  readonly fingerprint: string;
  readPixels(image: ImageInput, signal?: AbortSignal): Promise<Float32Array>;
  encodeImages(images: readonly ImageInput[], options?: ProgressOptions): Promise<EncodedImage[]>;
  /** Padded to one length. */
  encodeTexts(texts: readonly string[], options?: ProgressOptions): Promise<EncodedText[]>;
}

/** Images decoded at a time, so that many of them never sit uncompressed in memory. */
const SLICE = 16;

export function modelCore({ config, tokenizer, engine, fingerprint }: LoadedModel): ModelCore {
  const size = config.vision.imageSize;
  const read = (image: ImageInput, signal?: AbortSignal) => readPixels(image, size, signal);
  return {
    engine,
    fingerprint,
    featureSize: config.embedDim,
    readPixels: read,
    async encodeImages(images, { signal, onProgress } = {}) {
      expectContrast(engine);
      const encoded: EncodedImage[] = [];
      for (let begin = 0; begin < images.length; begin += SLICE) {
        signal?.throwIfAborted();
        const pixels = await Promise.all(images.slice(begin, begin + SLICE).map((image) => read(image, signal)));
        encoded.push(...(await engine.encodeImages(pixels, { signal, onProgress })));
        onProgress?.({ phase: "index", file: "images", loaded: encoded.length, total: images.length });
      }
      return encoded;
    },
    async encodeTexts(texts, { signal, onProgress } = {}) {
      expectContrast(engine);
      const onDone = (loaded: number) => onProgress?.({ phase: "index", file: "texts", loaded, total: texts.length });
      return engine.encodeTexts(tokenizeCaptions(texts, tokenizer, config), { signal, onProgress, onDone });
    },
  };
}

/** Throws MissingHeadError unless the model can relate one image to one text. */
export function expectContrast({ plan }: Pick<Engine, "plan">): void {
  if (plan.contrasts) return;
  throw new MissingHeadError(
    "search: these weights are of a downstream task, they have no vision_proj, text_proj and itm_head; " +
      "load a pre-trained checkpoint (ALBEF.pth) or one fine-tuned for retrieval",
  );
}
