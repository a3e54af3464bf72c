import { expectDecodable } from "./declared-size.ts";
import { ImageError, type RawImage } from "./raw-image.ts";
import { transparentPixels } from "./transparent-pixels.ts";

/** What a browser can decode. Strings are not taken: text queries look the same. */
export type DecodableImage =
  | Blob
  | Uint8Array
  | URL
  | RawImage
  | ImageData
  | ImageBitmap
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas;

export interface DecodeOptions {
  /**
   * Photos with a side beyond this are reduced while they are decoded, by the browser's high-quality filter, so that
   * 48 megapixels never sit in memory uncompressed. Smaller images are read pixel by pixel.
   */
  readonly maxSide?: number;
  readonly signal?: AbortSignal;
}

const MAX_SIDE = 2048;

/** Upright pixels of an image: EXIF orientation is applied, colours are not converted. Runs in a page or a worker. */
export async function decodeImage(
  image: DecodableImage,
  { maxSide = MAX_SIDE, signal }: DecodeOptions = {},
): Promise<RawImage> {
  signal?.throwIfAborted();
  if (isRawImage(image)) return image;
  if (typeof ImageData !== "undefined" && image instanceof ImageData) {
    return { width: image.width, height: image.height, channels: 4, data: image.data };
  }
  if (image instanceof URL) return decodeImage(await fetchBlob(image, signal), { maxSide });
  if (image instanceof Uint8Array) return decodeImage(new Blob([image as Uint8Array<ArrayBuffer>]), { maxSide });
  const bitmap = await toBitmap(image);
  try {
    return pixelsOf(bitmap, maxSide);
  } finally {
    if (bitmap !== image) bitmap.close();
  }
}

function isRawImage(image: object): image is RawImage {
  return "channels" in image && "data" in image;
}

async function fetchBlob(url: URL, signal: AbortSignal | undefined): Promise<Blob> {
  const response = await fetch(url, signal ? { signal } : {});
  if (!response.ok) throw new ImageError(`image: ${url} answered ${response.status}`);
  return response.blob();
}

async function toBitmap(image: ImageBitmapSource): Promise<ImageBitmap> {
  if (typeof ImageBitmap !== "undefined" && image instanceof ImageBitmap) return image;
  const name =
    image instanceof Blob ? `${"name" in image ? `${image.name} ` : ""}(${image.type || "unknown type"})` : "";
  if (image instanceof Blob) await expectDecodable(image, name);
  try {
    return await createImageBitmap(image, {
      imageOrientation: "from-image",
      premultiplyAlpha: "none",
      colorSpaceConversion: "none",
    });
  } catch (cause) {
    throw new ImageError(`image: ${name} cannot be decoded; is it a damaged or unsupported format?`, { cause });
  }
}

function pixelsOf(bitmap: ImageBitmap, maxSide: number): RawImage {
  const scale = Math.min(1, maxSide / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new ImageError("image: this browser gives no 2D canvas to read pixels from");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const exact = scale === 1 && isTransparent(data) ? transparentPixels(bitmap) : undefined;
  return { width, height, channels: 4, data: exact ?? data };
}

function isTransparent(rgba: Uint8ClampedArray): boolean {
  for (let i = 3; i < rgba.length; i += 4) if (rgba[i] !== 255) return true;
  return false;
}
