import { ImageError, type RawImage } from "./raw-image.ts";

/** Upright pixels of PNG, JPEG or WebP bytes (or a path) in Node, by the optional package `sharp`. */
export async function decodeImageInNode(image: Uint8Array | string): Promise<RawImage> {
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new ImageError("image: decoding in Node needs the package sharp; run `npm install sharp`", { cause });
  });
  try {
    const { data, info } = await sharp(image, { limitInputPixels: 2 ** 28 })
      .rotate()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return {
      width: info.width,
      height: info.height,
      channels: info.channels as RawImage["channels"],
      data: new Uint8Array(data),
    };
  } catch (cause) {
    throw new ImageError(`image: ${typeof image === "string" ? image : `${image.length} bytes`} cannot be decoded`, {
      cause,
    });
  }
}
