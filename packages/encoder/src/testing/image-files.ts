/** Colour types of PNG (W3C PNG specification, section 11.2.1), with samples per pixel. */
const COLOUR_TYPES = { grey: [0, 1], rgb: [2, 3], palette: [3, 1], greyAlpha: [4, 2], rgba: [6, 4] } as const;

export interface PngImage {
  readonly width: number;
  readonly height: number;
  readonly colour: keyof typeof COLOUR_TYPES;
  readonly bits?: 8 | 16;
  /** Samples row by row; with `palette` indices. */
  readonly samples: readonly number[];
  /** RGB of each index. */
  readonly palette?: readonly number[];
}

/** A PNG file, written here so that tests know every sample; with fewer samples than it claims, the rows end early. */
export async function pngFile({ width, height, colour, bits = 8, samples, palette }: PngImage): Promise<Uint8Array> {
  const [type, channels] = COLOUR_TYPES[colour];
  const bytesPerSample = bits / 8;
  const stride = width * channels * bytesPerSample;
  const raw = new Uint8Array((samples.length / (width * channels)) * (stride + 1)); // each row begins with its filter, 0 for none
  const view = new DataView(raw.buffer);
  for (const [i, sample] of samples.entries()) {
    const row = Math.floor(i / (width * channels));
    const at = row * (stride + 1) + 1 + (i % (width * channels)) * bytesPerSample;
    if (bits === 16) view.setUint16(at, sample);
    else view.setUint8(at, sample);
  }
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, bits);
  header.setUint8(9, type);
  const packed = new Blob([raw]).stream().pipeThrough(new CompressionStream("deflate"));
  const data = new Uint8Array(await new Response(packed).arrayBuffer());
  return concat(
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", new Uint8Array(header.buffer)),
    ...(palette ? [chunk("PLTE", Uint8Array.from(palette))] : []),
    chunk("IDAT", data),
    chunk("IEND", new Uint8Array()),
  );
}

/** A JPEG with an EXIF orientation (1 to 8), put in behind its first marker. */
export function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array {
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
  const exif = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  const segment = Uint8Array.of(0xff, 0xe1, 0, exif.length + 2, ...exif);
  return concat(jpeg.subarray(0, 2), segment, jpeg.subarray(2));
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const body = concat(new TextEncoder().encode(name), data);
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, data.length);
  const check = new DataView(new ArrayBuffer(4));
  check.setUint32(0, crc32(body));
  return concat(new Uint8Array(length.buffer), body, new Uint8Array(check.buffer));
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
