/** Pixels row by row, channels interleaved: 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA. 16-bit samples in a Uint16Array. */
export interface RawImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array | Uint8ClampedArray | Uint16Array;
}

/** An image cannot be read, or its pixels do not fit its size. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

/** The pixels as 8-bit RGB: grey is repeated, alpha dropped (as PIL's convert('RGB')), 16 bits cut to their upper 8. */
export function toRgb(image: RawImage): Uint8Array {
  const { width, height, channels, data } = image;
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new ImageError(`image: width and height must be positive whole numbers, got ${width} x ${height}`);
  }
  if (![1, 2, 3, 4].includes(channels)) throw new ImageError(`image: channels must be 1 to 4, got ${channels}`);
  if (data.length !== width * height * channels) {
    throw new ImageError(
      `image: ${width} x ${height} x ${channels} needs ${width * height * channels} samples, got ${data.length}`,
    );
  }
  const shift = data instanceof Uint16Array ? 8 : 0;
  const rgb = new Uint8Array(width * height * 3);
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  for (let i = 0, from = 0, to = 0; i < width * height; i++, from += channels, to += 3) {
    rgb[to] = data[from]! >> shift;
    rgb[to + 1] = data[from + green]! >> shift;
    rgb[to + 2] = data[from + blue]! >> shift;
  }
  return rgb;
}
