import type { Sharp } from "sharp";
import { MAX_PIXELS } from "./declared-size.ts";
import { ImageError, type RawImage } from "./raw-image.ts";

export interface NodeDecodeOptions {
  /** What errors call the image; default its path, else its size in bytes. */
  readonly name?: string;
}

const FORMATS: readonly string[] = ["png", "jpeg", "webp", "gif", "heif"]; // AVIF is a kind of HEIF
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
  const { width = 0, height = 0, format, space } = await image.metadata();
  if (!FORMATS.includes(format)) throw new Error(`is ${format}, not PNG, JPEG, WebP, GIF or AVIF`);
  const reduced = width * height > FULL_PIXELS ? image.resize(REDUCED_SIDE, REDUCED_SIDE, { fit: "inside" }) : image;
  const isCmyk = space === "cmyk";
  const upright = reduced.rotate();
  const raw = isCmyk ? upright.pipelineColourspace("cmyk").toColourspace("cmyk") : upright.toColourspace("srgb");
  const { data, info } = await raw.raw().toBuffer({ resolveWithObject: true });
  const size = { width: info.width, height: info.height };
  if (isCmyk) return { ...size, channels: 3, data: rgbFromCmyk(data) };
  return { ...size, channels: info.channels as RawImage["channels"], data: new Uint8Array(data) };
}

/** As PIL's convert("RGB") and browsers do: each ink takes its share of the light, no profile. */
function rgbFromCmyk(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3);
  for (let i = 0; i < rgb.length; i++) {
    const pixel = Math.floor(i / 3);
    rgb[i] = Math.round(((255 - cmyk[pixel * 4 + (i % 3)]!) * (255 - cmyk[pixel * 4 + 3]!)) / 255);
  }
  return rgb;
}
