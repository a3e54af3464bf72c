import { type Executor, type ParameterStore, type Program, type Tracer, trace } from "@albef/core";
import { branch, type LoraOptions, type TextPrefix, trainingSource } from "@albef/distillation";
import { itcSimilarity, retrievalMetrics, scoreMatrix, transposeScores } from "@albef/heads";
import { createEngine } from "../model/engine.ts";
import type { LoadedModel } from "../model/load.ts";
import { type BatchOptions, plainInputs } from "./dataset.ts";
import type { Lesson } from "./lesson.ts";
import type { Metrics } from "./types.ts";
import type { UsedPair } from "./used-pair.ts";

/** The weights as they are being trained. */
export interface CurrentWeights {
  readonly stores: readonly ParameterStore[];
  trains(name: string): boolean;
  readonly lora?: LoraOptions | undefined;
  readonly frozen?: ParameterStore | undefined;
  readonly storedAs?: ((name: string) => string) | undefined;
}

export interface HeldOutOptions extends BatchOptions, CurrentWeights {
  readonly textPrefix: TextPrefix;
}

/** Measures the weights that are being trained on pairs held out. */
export interface HeldOut extends Disposable {
  /** Recalls by ITC over all held-out pairs, or what a downstream task is measured by. */
  measure(): Promise<Metrics>;
}

/** Measures as the task is evaluated: by a model whose engine reads the weights in training. */
export function lessonMeasure(
  model: LoadedModel,
  pairs: readonly UsedPair[],
  { lesson, stores, trains, lora, frozen, storedAs }: CurrentWeights & { readonly lesson: Lesson },
): HeldOut {
  const sourceOf = (tracer: Tracer) =>
    trainingSource(tracer, { trains, lora, storedAs, ...(frozen && { frozen: frozen.specs }) });
  const plan = { ...model.engine.plan, contrasts: false, sourceOf };
  const engine = createEngine(model.engine.executor, stores, plan);
  return {
    measure: () => lesson.measure({ ...model, engine }, pairs),
    [Symbol.dispose]: () => engine.dispose(),
  };
}

/** Pictures and texts are decoded once; features are computed one pair at a time, so that little memory is needed. */
export async function heldOutMeasure(
  executor: Executor,
  pairs: readonly UsedPair[],
  options: HeldOutOptions,
): Promise<HeldOut> {
  const program = await executor.compile(featureGraph(options), options.stores);
  const { images, texts } = await plainInputs(pairs, options);
  const groups = [...new Set(pairs.map(({ group }) => group))];
  const imageOfText = pairs.map(({ group }) => groups.indexOf(group));
  const textsOfImage = groups.map((group) => pairs.flatMap((pair, i) => (pair.group === group ? [i] : [])));
  const firstOf = textsOfImage.map(([first]) => first!);
  return {
    async measure() {
      const rows = await features(program, { images, texts, length: options.length });
      const data = Float32Array.from({ length: firstOf.length * rows.length }, (_, i) =>
        dot(rows[firstOf[Math.floor(i / rows.length)]!]!.image, rows[i % rows.length]!.text),
      );
      const imageToText = scoreMatrix(firstOf.length, rows.length, data);
      return retrievalMetrics({ imageToText, textToImage: transposeScores(imageToText) }, textsOfImage, imageOfText);
    },
    [Symbol.dispose]: () => program.dispose(),
  };
}

function featureGraph({ config, textPrefix, trains, lora, frozen, length }: HeldOutOptions) {
  const size = config.vision.imageSize;
  return trace((tracer) => {
    const source = trainingSource(tracer, { trains, lora, ...(frozen && { frozen: frozen.specs }) });
    const network = branch(source, { config, textPrefix });
    const image = tracer.input("image", { dtype: "f32", shape: [1, 3, size, size] });
    const inputIds = tracer.input("inputIds", { dtype: "i32", shape: [1, length] });
    const attentionMask = tracer.input("attentionMask", { dtype: "f32", shape: [1, length] });
    const [own, other] = [
      network.imageFeatures(network.image(image)),
      network.textFeatures(network.text({ inputIds, attentionMask })),
    ];
    return { image: own, text: other, similarity: itcSimilarity(own, other) };
  });
}

interface Prepared extends Awaited<ReturnType<typeof plainInputs>> {
  readonly length: number;
}

async function features(program: Program, { images, texts, length }: Prepared) {
  const rows: { readonly image: Float32Array; readonly text: Float32Array }[] = [];
  for (const [i, image] of images.entries()) {
    const part = [i * length, (i + 1) * length] as const;
    const inputs = {
      image,
      inputIds: texts.inputIds.slice(...part),
      attentionMask: texts.attentionMask.slice(...part),
    };
    const result = await program.run(inputs);
    rows.push({ image: result.image as Float32Array, text: result.text as Float32Array });
  }
  return rows;
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
