import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { imageCases, imageFile, lettersOf, sixBlocks, UPRIGHT } from "../testing/image-cases.ts";
import { withOrientation } from "../testing/image-files.ts";
import { imageBombs, notImages, oddImages, quartersOf, ramp } from "../testing/odd-images.ts";
import { decodeImageInNode } from "./decode-node.ts";
import { preprocessImage } from "./preprocess.ts";
import { ImageError, toRgb } from "./raw-image.ts";

describe("decoding in Node, as PIL does", () => {
  test.each(Object.entries(imageCases))("%s", async (_name, wanted) => {
    const image = await decodeImageInNode(await imageFile(wanted));
    expect([...toRgb(image)]).toEqual(wanted.rgb);
  });

  test("EXIF orientations 1 to 8 come out upright", async () => {
    const { width, height, greys } = sixBlocks;
    const jpeg = await sharp(greys, { raw: { width, height, channels: 1 } })
      .jpeg({ quality: 100 })
      .toBuffer();
    for (const [i, rows] of UPRIGHT.entries()) {
      expect(lettersOf(await decodeImageInNode(withOrientation(jpeg, i + 1)))).toEqual(rows);
    }
  });

  test("48 megapixels are decoded", async () => {
    const photo = await sharp({ create: { width: 8000, height: 6000, channels: 3, background: "#204060" } })
      .jpeg()
      .toBuffer();
    const image = await decodeImageInNode(photo);
    expect([image.width, image.height, image.channels]).toEqual([8000, 6000, 3]);
    expect(toRgb(image)[0]).toBeLessThan(64);
  });
});

describe("files that decoders differ on", () => {
  test.each(Object.entries(oddImages))("%s", async (_name, { bytes, quarters }) => {
    expect(quartersOf(await decodeImageInNode(bytes))).toEqual(quarters);
  });

  test.each([
    [1, 1],
    [1, 10_000],
    [10_000, 1],
  ])("%i x %i is a picture", async (width, height) => {
    const image = await decodeImageInNode(await ramp(width, height));
    expect([image.width, image.height]).toEqual([width, height]);
    const pixels = preprocessImage(image, 32);
    expect(pixels).toHaveLength(3 * 32 * 32);
    expect(pixels.every(Number.isFinite)).toBe(true);
  });
});

describe("files that are not decoded", () => {
  test("a small file of 50,000 x 50,000 pixels is refused by its header", async () => {
    const { GIF, ...bombs } = await imageBombs();
    for (const [name, bytes] of Object.entries(bombs)) {
      const begun = performance.now();
      await expect(decodeImageInNode(bytes), name).rejects.toThrow(ImageError);
      expect(performance.now() - begun, name).toBeLessThan(1000);
    }
    expect((await decodeImageInNode(GIF!)).width).toBe(8); // libvips takes the picture's size, not the screen's
  });

  test.each(Object.entries(notImages))("%s", async (_name, text) => {
    const decoding = decodeImageInNode(new TextEncoder().encode(text), { name: "photo.jpg" });
    await expect(decoding).rejects.toThrow(ImageError);
    await expect(decoding).rejects.toThrow(/photo\.jpg cannot be decoded: /);
  });

  test("what is cut off", async () => {
    for (const [name, { bytes }] of Object.entries(oddImages)) {
      await expect(decodeImageInNode(bytes.subarray(0, bytes.length * 0.6)), name).rejects.toThrow(ImageError);
    }
  });
});
