import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { byteSource, openSafetensors } from "@albef/core";
import { expect, test } from "vitest";
import { loadModel } from "./load.ts";

const mini = fileURLToPath(new URL("../../../../weights/albef-mini", import.meta.url));

/** Where f16 weights meet f32 sums in another order than PyTorch's. */
const FEATURES = 1e-4;
const LOGITS = 1e-3;

test.each(["webgpu", "wasm"] as const)(
  "albef-mini on %s: features and ITM logits are those of PyTorch",
  async (device) => {
    const recorded = await openSafetensors(byteSource(readFileSync(`${mini}/recorded.safetensors`), "recorded"));
    const rows = async (name: string) => {
      const { data, shape } = await recorded.read(name);
      const width = data.length / shape[0]!;
      return Array.from({ length: shape[0]! }, (_, i) => Array.from(data.slice(i * width, (i + 1) * width)));
    };
    const model = await loadModel(mini, { device, dtype: "f32" });
    try {
      const masks = await rows("in.attention_mask");
      const images = await model.engine.encodeImages((await rows("in.image")).map((row) => Float32Array.from(row)));
      const texts = await model.engine.encodeTexts(
        (await rows("in.input_ids")).map((ids, i) => ({
          inputIds: Int32Array.from(ids),
          attentionMask: Float32Array.from(masks[i]!),
        })),
      );
      const furthest = (a: readonly ArrayLike<number>[], b: readonly (readonly number[])[]) =>
        Math.max(...b.flatMap((row, i) => row.map((value, j) => Math.abs(value - a[i]![j]!))));
      const feature = ({ feature: values }: { readonly feature: Float32Array }) => values;
      expect(furthest(images.map(feature), await rows("out.image_feat"))).toBeLessThan(FEATURES);
      expect(furthest(texts.map(feature), await rows("out.text_feat"))).toBeLessThan(FEATURES);
      const keys = await model.engine.keys(images.map(({ states }) => states));
      const logits: number[][] = []; // [caption][picture, class]
      for (const text of texts) {
        const pairs = await model.engine.match([text], keys);
        logits.push(pairs.flatMap(({ other, match }) => [other, match]));
      }
      expect(furthest(logits, await rows("out.itm_logits"))).toBeLessThan(LOGITS);
    } finally {
      model.dispose();
    }
  },
);
