import { readFileSync } from "node:fs";
import { byteSource, createWebGpuExecutor, type Executor, namedTensors, openSafetensors } from "@albef/core";
import { createTfjsExecutor } from "@albef/core/tfjs";
import { parseConfig } from "@albef/encoder";
import { describe, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { ModelFileError } from "../errors.ts";
import { createEngine } from "../model/engine.ts";
import { parseRetrievalAnnotations } from "./annotations.ts";
import { compactStates, evaluateRetrieval } from "./retrieval.ts";

const fixture = (path: string) => readFileSync(new URL(`../../../../fixtures/${path}`, import.meta.url));
const recorded = JSON.parse(fixture("retrieval-eval/case.json").toString());
const open = (path: string) => openSafetensors(byteSource(fixture(path), path));

const openers: Readonly<Record<string, () => Promise<Executor>>> = {
  async webgpu() {
    Object.assign(globalThis, globals);
    const gpu = create([]);
    return Object.assign(await createWebGpuExecutor({ gpu }), { gpu }); // Dawn crashes once its GPU object is collected
  },
  async tfjs() {
    const tf = await import("@tensorflow/tfjs-core");
    await import("@tensorflow/tfjs-backend-cpu");
    await tf.setBackend("cpu");
    return createTfjsExecutor(tf);
  },
};

/** Rows of a recorded tensor. */
async function rows(file: Awaited<ReturnType<typeof open>>, name: string): Promise<Float32Array[]> {
  const { data, shape } = await file.read(name);
  const width = data.length / shape[0]!;
  return Array.from({ length: shape[0]! }, (_, i) => Float32Array.from(data.subarray(i * width, (i + 1) * width)));
}

describe.each(Object.entries(openers))("the recorded evaluation, on %s", (_name, opener) => {
  test("gives the official scores, ranks and recalls", async () => {
    using executor = await opener();
    const config = parseConfig(recorded.config);
    const weights = await open("tiny/weights.safetensors");
    const keep = (name: string) => !/_m\.|queue/.test(name);
    using store = await executor.upload(namedTensors([weights], { keep }));
    const engine = createEngine(executor, store, {
      ...{ config, textPrefix: "text_encoder.bert", specs: store.specs, contrasts: true },
    });
    const tensors = await open("retrieval-eval/tensors.safetensors");
    const masks = await rows(tensors, "in.attention_mask");
    const images = await engine.encodeImages(await rows(tensors, "in.image"));
    const texts = await engine.encodeTexts(
      (await rows(tensors, "in.input_ids")).map((ids, i) => ({
        inputIds: Int32Array.from(ids),
        attentionMask: masks[i]!,
      })),
    );
    const progress: number[] = [];
    const options = { kTest: recorded.k_test, textsOfImage: recorded.img2txt, imageOfText: recorded.txt2img };
    const { itm, scores } = await evaluateRetrieval(
      engine,
      { images, texts },
      { ...options, onProgress: (_stage, done, total) => progress.push(done / total) },
    );
    expect(progress.filter((share) => share === 1)).toHaveLength(2);
    for (const [matrix, name] of [
      [scores.imageToText, "out.score_i2t"],
      [scores.textToImage, "out.score_t2i"],
    ] as const) {
      const { data } = await tensors.read(name);
      for (const [i, score] of matrix.data.entries()) expect(Math.abs(score - data[i]!)).toBeLessThanOrEqual(1e-4);
    }
    expect(itm!.textRecall.r1).toBe(recorded.itm_eval.txt_r1);
    expect(itm!.imageRecall.r5).toBe(recorded.itm_eval.img_r5);
    expect(itm!.mean).toBe(recorded.itm_eval.r_mean);
    const compact = { images: images.map(compactStates), texts };
    const byHalves = await evaluateRetrieval(engine, compact, options);
    const furthest = byHalves.scores.imageToText.data.map((score, i) => Math.abs(score - scores.imageToText.data[i]!));
    expect(Math.max(...furthest)).toBeLessThan(1e-2);
    const bare = await evaluateRetrieval(engine, compact, { ...options, kTest: 0 });
    expect(bare.itm).toBeUndefined();
    engine.dispose();
  });
});

test.each([
  ["no JSON", "is not JSON"],
  ['{"image": "a"}', "must hold a list"],
  ["[]", "holds no caption"],
  ['[{"image": "a.jpg", "caption": ["x"]}, {"image": 3, "caption": ["y"]}]', "entry 1 must hold"],
  ['[{"image": "a.jpg", "caption": [3]}]', "entry 0 must hold"],
])("annotations %s are refused", (json, problem) => {
  expect(() => parseRetrievalAnnotations(json, "file.json")).toThrow(ModelFileError);
  expect(() => parseRetrievalAnnotations(json, "file.json")).toThrow(problem);
});
