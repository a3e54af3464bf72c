import { ImageError } from "./raw-image.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** 1 GB as RGBA; a file of some 100 kB can claim many times that. */
export const MAX_PIXELS = 2 ** 28;
const MAX_SEGMENTS = 4096;

/** Throws ImageError where the header of a PNG, JPEG, WebP, GIF or BMP claims more than 2^28 pixels: before it is decoded. */
export async function expectDecodable(file: Blob, name: string): Promise<void> {
  const size = await declaredSize(file);
  if (!size || size.width * size.height <= MAX_PIXELS) return;
  throw new ImageError(
    `image: ${name} has ${size.width} x ${size.height} pixels, more than the ${MAX_PIXELS} that are read`,
  );
}

async function declaredSize(file: Blob): Promise<Size | undefined> {
  const read = async (at: number) => new DataView(await file.slice(at, at + 30).arrayBuffer());
  const head = await read(0);
  if (head.byteLength < 30) return undefined;
  const magic = head.getUint32(0);
  if (magic === 0x89504e47) return { width: head.getUint32(16), height: head.getUint32(20) }; // PNG
  if (magic >>> 8 === 0xffd8ff) return jpegSize(read);
  if (magic === 0x52494646) return webpSize(head);
  if (magic >>> 8 === 0x474946) return { width: head.getUint16(6, true), height: head.getUint16(8, true) }; // GIF
  if (magic >>> 16 === 0x424d) return { width: head.getInt32(18, true), height: Math.abs(head.getInt32(22, true)) }; // BMP
  return undefined;
}

/** The size stands in the start-of-frame segment (ITU T.81, B.2.2), behind any number of others. */
async function jpegSize(read: (at: number) => Promise<DataView>): Promise<Size | undefined> {
  let at = 2;
  for (let i = 0; i < MAX_SEGMENTS; i++) {
    const segment = await read(at);
    if (segment.byteLength < 9) return undefined;
    const marker = segment.getUint16(0);
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && (marker === 0xffc0 || marker % 4 !== 0);
    if (isFrame) return { width: segment.getUint16(7), height: segment.getUint16(5) };
    at += marker === 0xffff ? 1 : 2 + segment.getUint16(2);
  }
  throw new ImageError(`image: a JPEG of more than ${MAX_SEGMENTS} segments in front of its picture`);
}

/** The canvas of an extended file, else that of its one frame (RFC 9649). */
function webpSize(head: DataView): Size {
  const u24 = (at: number) => head.getUint16(at, true) | (head.getUint8(at + 2) << 16);
  const kind = head.getUint8(15);
  if (kind === 0x58) return { width: u24(24) + 1, height: u24(27) + 1 }; // VP8X
  if (kind === 0x4c) {
    const bits = head.getUint32(21, true); // VP8L
    return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
  }
  return { width: head.getUint16(26, true) & 0x3fff, height: head.getUint16(28, true) & 0x3fff };
}
