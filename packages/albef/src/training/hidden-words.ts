import { type ParameterStore, type Program, trace } from "@albef/core";
import { branch, type LoraOptions, type TrainingState, trainingSource } from "@albef/distillation";
import { preCaption } from "@albef/encoder";
import { readPixels } from "../model/images.ts";
import type { LoadedModel } from "../model/load.ts";
import { storedValues } from "../model/stored-values.ts";
import type { CaptionedImage, HiddenWord, HiddenWordOptions } from "./inspection-types.ts";

const HEAD = "text_encoder.cls.predictions.bias";

export interface HiddenWords extends Disposable {
  /** See `FinetuneRun.hiddenWord`. */
  expected(pair: CaptionedImage, options: HiddenWordOptions): Promise<HiddenWord | undefined>;
}

export interface HiddenWordsOptions {
  readonly state: TrainingState;
  readonly lora?: LoraOptions | undefined;
  /** Tokens of a text, [CLS] and padding included. */
  readonly length: number;
}

/** The teacher's masked-language head, compiled when it is first asked. */
export function hiddenWords(model: LoadedModel, options: HiddenWordsOptions): HiddenWords {
  let opened: Promise<Opened> | undefined;
  return {
    async expected(pair, asked) {
      if (!model.origin.weights.some(({ tensors }) => tensors.has(HEAD))) return undefined;
      opened ??= open(model, options);
      return expectedWord(model, (await opened).program, { ...options, ...asked, pair });
    },
    [Symbol.dispose]() {
      opened?.then(
        ({ program, head }) => {
          program.dispose();
          head.dispose();
        },
        () => undefined, // its caller has seen the failure
      );
    },
  };
}

interface Opened {
  readonly program: Program;
  readonly head: ParameterStore;
}

/** Puts on the device what no other program reads: the head itself. */
async function open(model: LoadedModel, options: HiddenWordsOptions): Promise<Opened> {
  const { origin, engine } = model;
  const { state } = options;
  const learned = state.teacher ?? state.weights;
  const graph = wordGraph(model, options);
  const others = Object.entries(graph.parameters).filter(
    ([name]) => !learned.specs.has(name) && !origin.store.specs.has(name),
  );
  const head = await engine.executor.upload(
    await Promise.all(
      others.map(async ([name, id]) => ({
        ...{ name, dtype: "f32" as const, shape: graph.values[id]!.shape },
        data: (await storedValues(origin, name))!,
      })),
    ),
  );
  const program = await engine.executor.compile(graph, [learned, origin.store, head]).catch((error: unknown) => {
    head.dispose();
    throw error;
  });
  return { program, head };
}

interface Asked extends HiddenWordsOptions, HiddenWordOptions {
  readonly pair: CaptionedImage;
}

async function expectedWord(model: LoadedModel, program: Program, asked: Asked): Promise<HiddenWord> {
  const { pair, topK = 5, length } = asked;
  const { tokenizer, config } = model;
  const encoded = tokenizer.encode([preCaption(pair.caption)], { maxLength: length, padTo: length });
  const count = encoded.attentionMask.reduce((sum, kept) => sum + kept, 0) - 1; // without [CLS]
  const { place = count - 1 } = asked;
  if (!Number.isInteger(place) || place < 0 || place >= count) {
    const caption = JSON.stringify(pair.caption);
    throw new RangeError(`hiddenWord: place must be from 0 to ${count - 1} in ${caption}, got ${place}`);
  }
  const inputIds = Int32Array.from(encoded.inputIds);
  inputIds[place + 1] = tokenizer.special.mask;
  const image = await readPixels(pair.image, config.vision.imageSize);
  const { logits } = await program.run({ image, inputIds, attentionMask: encoded.attentionMask });
  const width = config.text.vocabSize;
  const row = (logits as Float32Array).slice((place + 1) * width, (place + 2) * width);
  const words = likeliest(row, topK).map(({ id, probability }) => ({ word: tokenizer.token(id)!, probability }));
  return { hidden: tokenizer.token(encoded.inputIds[place + 1]!)!, words };
}

function wordGraph({ config, origin }: LoadedModel, { state, lora, length }: HiddenWordsOptions) {
  return trace((tracer) => {
    const source = trainingSource(tracer, {
      ...{ lora, teacher: state.teacher !== undefined, frozen: origin.store.specs },
      trains: (name) => state.trainable.has(name),
    });
    const network = branch(source, { config, textPrefix: origin.textPrefix });
    const size = config.vision.imageSize;
    const image = tracer.input("image", { dtype: "f32", shape: [1, 3, size, size] });
    const inputIds = tracer.input("inputIds", { dtype: "i32", shape: [1, length] });
    const attentionMask = tracer.input("attentionMask", { dtype: "f32", shape: [1, length] });
    return { logits: network.wordLogits({ inputIds, attentionMask }, network.image(image)) };
  });
}

function likeliest(logits: Float32Array, topK: number) {
  const most = logits.reduce((best, value) => Math.max(best, value), Number.NEGATIVE_INFINITY);
  const total = logits.reduce((sum, value) => sum + Math.exp(value - most), 0);
  const places = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]!);
  return places.slice(0, topK).map((id) => ({ id, probability: Math.exp(logits[id]! - most) / total }));
}
