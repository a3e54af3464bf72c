import { describe, expect, test } from "vitest";
import { imageCases, imageFile, lettersOf, sixBlocks, UPRIGHT } from "../testing/image-cases.ts";
import { withOrientation } from "../testing/image-files.ts";
import { imageBombs, notImages, oddImages, quartersOf, ramp } from "../testing/odd-images.ts";
import { type DecodableImage, decodeImage } from "./decode.ts";
import { ImageError, type RawImage, toRgb } from "./raw-image.ts";

const blobOf = (bytes: Uint8Array, type = "image/png") => new Blob([bytes as Uint8Array<ArrayBuffer>], { type });

function expectRgb(image: RawImage, rgb: readonly number[], tolerance = 0): void {
  const actual = [...toRgb(image)];
  const close = actual.map((value, i) => (Math.abs(value - rgb[i]!) <= tolerance ? rgb[i]! : value));
  expect(close).toEqual(rgb);
}

function canvasOf(width: number, height: number, fill: (context: OffscreenCanvasRenderingContext2D) => void) {
  const canvas = new OffscreenCanvas(width, height);
  fill(canvas.getContext("2d")!);
  return canvas;
}

/** A canvas of the six grey blocks. */
function sixBlocksCanvas(): OffscreenCanvas {
  const { width, height, greys } = sixBlocks;
  const rgba = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : greys[i >> 2]!));
  return canvasOf(width, height, (context) => context.putImageData(new ImageData(rgba, width, height), 0, 0));
}

describe("decoding in a browser, as PIL does", () => {
  test.each(Object.entries(imageCases))("%s", async (_name, wanted) => {
    expectRgb(await decodeImage(blobOf(await imageFile(wanted))), wanted.rgb, wanted.tolerance);
  });

  test("EXIF orientations 1 to 8 come out upright", async () => {
    const jpeg = await sixBlocksCanvas().convertToBlob({ type: "image/jpeg", quality: 1 });
    const bytes = new Uint8Array(await jpeg.arrayBuffer());
    for (const [i, rows] of UPRIGHT.entries()) {
      expect(lettersOf(await decodeImage(blobOf(withOrientation(bytes, i + 1), "image/jpeg")))).toEqual(rows);
    }
  });

  test("every kind of source gives the same picture", async () => {
    const canvas = sixBlocksCanvas();
    const file = await canvas.convertToBlob();
    const element = new Image();
    element.src = URL.createObjectURL(file);
    await element.decode();
    const pageCanvas = Object.assign(document.createElement("canvas"), { width: 24, height: 16 });
    pageCanvas.getContext("2d")!.drawImage(canvas, 0, 0);
    const sources: Readonly<Record<string, DecodableImage>> = {
      Blob: file,
      File: new File([file], "six.png"),
      bytes: new Uint8Array(await file.arrayBuffer()),
      URL: new URL(element.src),
      ImageBitmap: await createImageBitmap(canvas),
      HTMLImageElement: element,
      HTMLCanvasElement: pageCanvas,
      OffscreenCanvas: canvas,
      ImageData: canvas.getContext("2d")!.getImageData(0, 0, 24, 16),
      pixels: { width: 24, height: 16, channels: 1, data: sixBlocks.greys },
    };
    for (const [name, source] of Object.entries(sources)) {
      expect(lettersOf(await decodeImage(source)), name).toEqual(UPRIGHT[0]);
    }
    URL.revokeObjectURL(element.src);
  });

  test("48 megapixels are reduced while they are decoded, and the page goes on meanwhile", async () => {
    const photo = canvasOf(8000, 6000, (context) => {
      context.fillStyle = "#204060";
      context.fillRect(0, 0, 8000, 6000);
    });
    const file = await photo.convertToBlob({ type: "image/jpeg" });
    photo.width = 0;
    let turns = 0;
    const clock = setInterval(() => turns++, 10);
    const image = await decodeImage(file);
    clearInterval(clock);
    expect([image.width, image.height]).toEqual([2048, 1536]);
    expect(Math.abs(toRgb(image)[0]! - 0x20)).toBeLessThan(4);
    expect(turns).toBeGreaterThan(0);
  });

  test("what is no image is refused by name", async () => {
    const file = new File([Uint8Array.of(1, 2, 3)], "broken.png", { type: "image/png" });
    await expect(decodeImage(file)).rejects.toThrow(/broken.png \(image\/png\) cannot be decoded/);
    const half = (await imageFile(imageCases.rgb!)).subarray(0, 50);
    await expect(decodeImage(blobOf(half))).rejects.toThrow(/cannot be decoded/);
  });
});

describe("files that decoders differ on", () => {
  test.each(Object.entries(oddImages))("%s", async (_name, { bytes, type, quarters }) => {
    const found = quartersOf(await decodeImage(blobOf(bytes, type)));
    for (const [i, quarter] of quarters.entries()) {
      for (const [c, value] of quarter.entries()) expect(Math.abs(found[i]![c]! - value)).toBeLessThanOrEqual(2);
    }
  });

  test("1 x 1, 1 x 10,000 and 10,000 x 1", async () => {
    for (const [width, height] of [
      [1, 1],
      [1, 10_000],
      [10_000, 1],
    ] as const) {
      const image = await decodeImage(blobOf(await ramp(width, height)));
      const scale = Math.min(1, 2048 / Math.max(width, height));
      expect([image.width, image.height]).toEqual([Math.ceil(width * scale), Math.ceil(height * scale)]);
    }
  });
});

describe("files that are not decoded", () => {
  test("a small file of 50,000 x 50,000 pixels is refused by its header", async () => {
    for (const [name, bytes] of Object.entries(await imageBombs())) {
      const decoding = decodeImage(new File([bytes as Uint8Array<ArrayBuffer>], "big"));
      await expect(decoding, name).rejects.toThrow(/big .* has 50000 x 50000 pixels, more than the 268435456/);
    }
  });

  test.each(Object.entries(notImages))("%s", async (_name, text) => {
    const decoding = decodeImage(new File([text], "photo.jpg", { type: "image/jpeg" }));
    await expect(decoding).rejects.toThrow(ImageError);
    await expect(decoding).rejects.toThrow(/photo\.jpg \(image\/jpeg\) cannot be decoded/);
  });
});
