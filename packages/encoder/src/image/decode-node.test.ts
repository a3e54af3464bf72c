import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { imageCases, imageFile, lettersOf, sixBlocks, UPRIGHT } from "../testing/image-cases.ts";
import { withOrientation } from "../testing/image-files.ts";
import { decodeImageInNode } from "./decode-node.ts";
import { toRgb } from "./raw-image.ts";

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
