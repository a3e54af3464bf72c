import { fileURLToPath } from "node:url";
import { DeviceError } from "@albef/core";
import { expect, test } from "vitest";
import { loadModel } from "./load.ts";

const mini = fileURLToPath(new URL("../../../../weights/albef-mini", import.meta.url));

test("weights that hold NaN give an error, not features", async () => {
  const model = await loadModel(mini, { device: "wasm" });
  const { embedDim, vision, text } = model.config;
  const spoilt = (width: number) => {
    const shape = [embedDim, width];
    return { shape, data: new Float32Array(embedDim * width).fill(Number.NaN) };
  };
  const weights = new Map([
    ["vision_proj.weight", spoilt(vision.hiddenSize)],
    ["text_proj.weight", spoilt(text.hiddenSize)],
  ]);
  const damaged = await model.origin.rebuilt(weights, "damaged");
  const pixels = new Float32Array(3 * vision.imageSize ** 2);
  await expect(damaged.engine.encodeImages([pixels])).rejects.toThrow(DeviceError);
  const tokens = { inputIds: Int32Array.of(2, 5, 6, 7, 8, 9, 10, 11), attentionMask: new Float32Array(8).fill(1) };
  await expect(damaged.engine.encodeTexts([tokens])).rejects.toThrow("a computed feature has length NaN");
  damaged.dispose();
  model.dispose();
});
