import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { byteSource, openSafetensors } from "@albef/core";
import { expect, test } from "vitest";
import { decodeImageInNode } from "../decode-node.ts";
import { preprocessImage } from "../preprocess.ts";
import { ImageError } from "../raw-image.ts";
import { randomAt } from "./random.ts";
import { drawCrop } from "./random-resized-crop.ts";
import { cropRgb, type RgbImage, rgbImage } from "./rgb-image.ts";
import { drawTransform, TRAIN_TRANSFORMS, transformImage, transformRgb } from "./train-transform.ts";

const folder = fileURLToPath(new URL("../../../../../fixtures/preprocess/", import.meta.url));
const recorded = JSON.parse(readFileSync(`${folder}case.json`, "utf8"));
const tensors = await openSafetensors(byteSource(readFileSync(`${folder}tensors.safetensors`), "preprocess"));

interface RecordedCrop {
  image: string;
  name: string;
  top: number;
  left: number;
  height: number;
  width: number;
  size: number;
}

test("recorded crops and mirror images, bit by bit", async () => {
  expect(recorded.crops.length).toBeGreaterThan(0);
  for (const { image, name, size, ...crop } of recorded.crops as RecordedCrop[]) {
    const rgb = rgbImage(await decodeImageInNode(readFileSync(`${folder}${image}.png`)));
    for (const flip of [false, true]) {
      const output = `out.${name}${flip ? "_flip" : ""}`;
      if (flip && !tensors.tensors.has(output)) continue;
      const { data } = transformRgb(rgb, { crop, flip, augments: [] }, { size });
      expect([...data]).toEqual([...(await tensors.bytes(output))]);
    }
  }
});

test("a drawn crop keeps to its bounds and fills them", () => {
  const image = { width: 400, height: 300 };
  const areas: number[] = [];
  for (let item = 0; item < 500; item++) {
    const crop = drawCrop(image, randomAt({ seed: 3, stream: [item] }), { scale: [0.2, 1] });
    expect(crop.left + crop.width).toBeLessThanOrEqual(image.width);
    expect(crop.top + crop.height).toBeLessThanOrEqual(image.height);
    expect(crop.width / crop.height).toBeGreaterThan(0.74);
    expect(crop.width / crop.height).toBeLessThan(1.35);
    areas.push((crop.width * crop.height) / (image.width * image.height));
  }
  expect(Math.min(...areas)).toBeGreaterThan(0.195);
  expect(Math.min(...areas)).toBeLessThan(0.25);
  expect(Math.max(...areas)).toBeGreaterThan(0.9);
});

test("an image too long for any crop gives its middle, as torchvision", () => {
  const always = () => 0.999;
  expect(drawCrop({ width: 1000, height: 10 }, always)).toEqual({ top: 0, left: 493, width: 13, height: 10 });
  expect(drawCrop({ width: 10, height: 1000 }, always)).toEqual({ top: 493, left: 0, width: 10, height: 13 });
});

test("the same place draws the same transform, another one a different one", async () => {
  const image = await decodeImageInNode(readFileSync(`${folder}rgb_50x37.png`));
  const at = (item: number) =>
    drawTransform(image, randomAt({ seed: 1, stream: [0, item] }), TRAIN_TRANSFORMS.pretrain);
  expect(at(5)).toEqual(at(5));
  expect(new Set(Array.from({ length: 20 }, (_, item) => JSON.stringify(at(item)))).size).toBe(20);
  const stored = JSON.parse(JSON.stringify(at(5)));
  expect(transformImage(image, stored, { size: 32 })).toEqual(transformImage(image, at(5), { size: 32 }));
});

test("without any draw it is the test transform", async () => {
  const image = await decodeImageInNode(readFileSync(`${folder}rgb_50x37.png`));
  const drawn = drawTransform(image, randomAt({ seed: 1, stream: [] }), TRAIN_TRANSFORMS.none);
  expect(transformImage(image, drawn, { size: 32 })).toEqual(preprocessImage(image, 32));
});

test("a crop beyond the image is refused", () => {
  const image: RgbImage = { width: 4, height: 3, data: new Uint8Array(36) };
  expect(() => cropRgb(image, { top: 0, left: 2, width: 3, height: 1 })).toThrow(ImageError);
  expect(() => cropRgb(image, { top: 0.5, left: 0, width: 1, height: 1 })).toThrow(/does not lie inside/);
  expect(() => drawCrop(image, () => 0, { scale: [0, 1] })).toThrow(/scale must be two positive bounds/);
});
