import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { byteSource, openSafetensors } from "@albef/core";
import { expectClose } from "@albef/core/testing";
import { expect, test } from "vitest";
import { decodeImageInNode } from "./decode-node.ts";
import { preprocessImage } from "./preprocess.ts";
import { ImageError, toRgb } from "./raw-image.ts";
import { resizeRgb } from "./resize.ts";

const folder = fileURLToPath(new URL("../../../../fixtures/preprocess/", import.meta.url));
const recorded = await openSafetensors(byteSource(readFileSync(`${folder}tensors.safetensors`), "preprocess"));

for (const name of ["rgb_50x37", "rgba_21x64", "gray_33x32"]) {
  test(`${name} is resized and normalised as PIL and torchvision do`, async () => {
    const image = await decodeImageInNode(readFileSync(`${folder}${name}.png`));
    const rgb = toRgb(image);
    expect([...rgb]).toEqual([...(await recorded.read(`in.${name}.rgb`)).data]);
    for (const size of [32, 48]) {
      const resized = resizeRgb(rgb, image, { width: size, height: size });
      expect([...resized]).toEqual([...(await recorded.read(`out.${name}.resized${size}`)).data]);
      const expected = (await recorded.read(`out.${name}.test${size}`)).data;
      expectClose(`${name} ${size}`, preprocessImage(image, size), expected, { rtol: 1e-5, atol: 1e-6 });
    }
  });
}

test("images that are none are refused", async () => {
  const data = new Uint8Array(12);
  expect(() => preprocessImage({ width: 0, height: 2, channels: 3, data }, 8)).toThrow(ImageError);
  expect(() => preprocessImage({ width: Number.NaN, height: 2, channels: 3, data }, 8)).toThrow(ImageError);
  expect(() => preprocessImage({ width: 3, height: 2, channels: 3, data }, 8)).toThrow(/needs 18 samples, got 12/);
  expect(() => preprocessImage({ width: 2, height: 2, channels: 3, data }, 0)).toThrow(ImageError);
  await expect(decodeImageInNode(new Uint8Array(100))).rejects.toThrow(ImageError);
});

test("16-bit samples keep their upper byte", () => {
  const data = Uint16Array.of(0x1234, 0xff00, 0x00ff);
  expect([...toRgb({ width: 1, height: 1, channels: 3, data })]).toEqual([0x12, 0xff, 0x00]);
});
