import type { Sharp } from "sharp";
import { ImageError, type RawImage } from "./raw-image.ts";

export interface NodeDecodeOptions {
  /** What errors call the image; default its path, else its size in bytes. */
  readonly name?: string;
}

const MAX_PIXELS = 2 ** 28;
const FULL_PIXELS = 2 ** 26; // 67 megapixels, 200 MB as RGB; beyond, photos are reduced while they are decoded
const REDUCED_SIDE = 4096;

/**
 * Upright 8-bit pixels of PNG, JPEG, WebP, GIF or AVIF bytes (or a path) in Node, by the optional package `sharp`. EXIF
 * orientation is applied; colour profiles are not, as in the official loader; 16 bits are cut to their upper 8. Throws
 * ImageError for what is damaged, truncated, empty or has more than 2^28 pixels.
 */
export async function decodeImageInNode(
  image: Uint8Array | string,
  { name = typeof image === "string" ? image : `${image.length} bytes` }: NodeDecodeOptions = {},
): Promise<RawImage> {
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new ImageError("image: decoding in Node needs the package sharp; run `npm install sharp`", { cause });
  });
  if (image.length === 0) throw new ImageError(`image: ${name} is empty`);
  try {
    return await readPixels(
      sharp(image, { limitInputPixels: MAX_PIXELS, failOn: "error", ignoreIcc: true, sequentialRead: true }),
    );
  } catch (cause) {
    const reason = cause instanceof Error ? `: ${cause.message}` : "";
    throw new ImageError(`image: ${name} cannot be decoded${reason}`, { cause });
  }
}

async function readPixels(image: Sharp): Promise<RawImage> {
  const { width = 0, height = 0 } = await image.metadata();
  const reduced = width * height > FULL_PIXELS ? image.resize(REDUCED_SIDE, REDUCED_SIDE, { fit: "inside" }) : image;
  const { data, info } = await reduced.rotate().toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  const channels = info.channels as RawImage["channels"];
  return { width: info.width, height: info.height, channels, data: new Uint8Array(data) };
}
