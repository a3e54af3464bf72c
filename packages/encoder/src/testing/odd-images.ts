import { type RawImage, toRgb } from "../image/raw-image.ts";
import { concat, pngFile } from "./image-files.ts";

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

export interface OddImage {
  readonly bytes: Uint8Array;
  readonly type: string;
  /** RGB in the middle of each quarter, row by row, as PIL 13.0.0 gives them after convert("RGB"). */
  readonly quarters: readonly (readonly [number, number, number])[];
}

/** Files of libvips that decoders differ on; of what is animated the first picture counts. */
export const oddImages: Readonly<Record<string, OddImage>> = {
  "CMYK with inverted inks, as Adobe writes it": {
    type: "image/jpeg",
    bytes: bytesOf(
      "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EABkAAAIDAQAAAAAAAAAAAAAAAAoLBQgJBv/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAOBEMATQBZAEsAAD8AP4AjgdxYBROfYIdowxnKJz5h0B5wbkKLqLv/2Q==",
    ),
    quarters: [
      [216, 8, 13],
      [67, 251, 12],
      [17, 68, 255],
      [220, 224, 200],
    ],
  },
  "a progressive JPEG": {
    type: "image/jpeg",
    bytes: bytesOf(
      "/9j/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wgARCAAQABADAREAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAABwYJ/8QAFwEAAwEAAAAAAAAAAAAAAAAAAwYICf/aAAwDAQACEAMQAAABL0moLIOe5HaTppdKrx//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAEFAh//xAAUEQEAAAAAAAAAAAAAAAAAAAAg/9oACAEDAQE/AR//xAAUEQEAAAAAAAAAAAAAAAAAAAAg/9oACAECAQE/AR//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAY/Ah//xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oACAEBAAE/IR//2gAMAwEAAgADAAAAEAAP/8QAFBEBAAAAAAAAAAAAAAAAAAAAIP/aAAgBAwEBPxAf/8QAFBEBAAAAAAAAAAAAAAAAAAAAIP/aAAgBAgEBPxAf/8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQABPxAf/9k=",
    ),
    quarters: [
      [200, 40, 40],
      [40, 160, 60],
      [31, 60, 200],
      [221, 220, 200],
    ],
  },
  "a colour profile (Display P3), which is not applied": {
    type: "image/jpeg",
    bytes: bytesOf(
      "/9j/4gHwSUNDX1BST0ZJTEUAAQEAAAHgbGNtcwQgAABtbnRyUkdCIFhZWiAH4gADABQACQAOAB1hY3NwTVNGVAAAAABzYXdzY3RybAAAAAAAAAAAAAAAAAAA9tYAAQAAAADTLWhhbmSC4qhyi4o/9yU+uZLuJNauAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAApkZXNjAAAA/AAAACRjcHJ0AAABIAAAACJ3dHB0AAABRAAAABRjaGFkAAABWAAAACxyWFlaAAABhAAAABRnWFlaAAABmAAAABRiWFlaAAABrAAAABRyVFJDAAABwAAAACBnVFJDAAABwAAAACBiVFJDAAABwAAAACBtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUAAzAENtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAYAAAAcAEMAQwAwAABYWVogAAAAAAAA9tYAAQAAAADTLXNmMzIAAAAAAAEMQgAABd7///MlAAAHkwAA/ZD///uh///+TgAAA5oAAMAUWFlaIAAAAAAAAIPfAAA9vwAAAABYWVogAAAAAAAASr8AALE3AAAKtVhZWiAAAAAAAAAoOAAAEQoAAMh4cGFyYQAAAAAAAwAAAAJmaQAA8qcAAA1ZAAAT0AAAClv/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wAARCAAQABADAREAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAACAr/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFwEBAQEBAAAAAAAAAAAAAAAACQcFBv/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/ADmjZBCAZ4ewbMY6hSwMNXH/2Q==",
    ),
    quarters: [
      [184, 55, 49],
      [80, 158, 74],
      [37, 60, 192],
      [219, 220, 202],
    ],
  },
  "an animated GIF": {
    type: "image/gif",
    bytes: bytesOf(
      "R0lGODlhCAAIAIAAAExpccgoKCH/C05FVFNDQVBFMi4wAwEAAAAh+QQFCgAAACwAAAAACAAIAAACB4yPqcvtXQAAIfkEBQoAAAAsAAAAAAgACACATGlxHjzIAgeMj6nL7V0AADs=",
    ),
    quarters: Array(4).fill([200, 40, 40]),
  },
  "an animated WebP": {
    type: "image/webp",
    bytes: bytesOf(
      "UklGRogAAABXRUJQVlA4WAoAAAACAAAABwAABwAAQU5JTQYAAAD/////AABBTk1GKgAAAAAAAAAAAAcAAAcAAGQAAAJWUDhMEQAAAC8HwAEAB1CUIhel/4GI6H8AAEFOTUYqAAAAAAAAAAAABwAABwAAZAAAAFZQOEwRAAAALwfAAQAHUJ56FLn/gYjofwAA",
    ),
    quarters: Array(4).fill([200, 40, 40]),
  },
};

/** Where a JPEG keeps its size: behind the marker of its frame. */
function frameOf(jpeg: Uint8Array): number {
  return jpeg.findIndex((byte, i) => byte === 0xff && (jpeg[i + 1] === 0xc0 || jpeg[i + 1] === 0xc2));
}

const SIDE = 50_000;

/** A small file of each format whose header claims 50,000 x 50,000 pixels: 10 GB once decoded. */
export async function imageBombs(): Promise<Readonly<Record<string, Uint8Array>>> {
  const jpeg = oddImages["a progressive JPEG"]!.bytes.slice();
  new DataView(jpeg.buffer).setUint16(frameOf(jpeg) + 5, SIDE);
  new DataView(jpeg.buffer).setUint16(frameOf(jpeg) + 7, SIDE);
  const gif = oddImages["an animated GIF"]!.bytes.slice();
  for (const at of [6, 8]) new DataView(gif.buffer).setUint16(at, SIDE, true);
  const webp = oddImages["an animated WebP"]!.bytes.slice();
  for (const at of [24, 27]) webp.set([(SIDE - 1) & 255, (SIDE - 1) >> 8, 0], at);
  const bmp = new Uint8Array(54);
  bmp.set([0x42, 0x4d]);
  new DataView(bmp.buffer).setInt32(18, SIDE, true);
  new DataView(bmp.buffer).setInt32(22, -SIDE, true);
  const far = concat(jpeg.subarray(0, 2), ...Array(40).fill(segment(65_533)), jpeg.subarray(2));
  const png = await pngFile({ width: SIDE, height: SIDE, colour: "grey", samples: [] });
  return { PNG: png, JPEG: jpeg, "JPEG behind 2.6 MB of other segments": far, GIF: gif, WebP: webp, BMP: bmp };
}

function segment(length: number): Uint8Array {
  const bytes = new Uint8Array(2 + length);
  bytes.set([0xff, 0xe2, length >> 8, length & 255]);
  return bytes;
}

export const notImages: Readonly<Record<string, string>> = {
  "SVG as .jpg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
  "SVG of nested entities as .jpg":
    '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&b;</text></svg>',
  "HTML as .jpg": "<!doctype html><script>throw new Error('run')</script><p>not found",
  "words as .jpg": "not found",
};

/** A picture that is one pixel wide or high: a ramp from black to white. */
export function ramp(width: number, height: number): Promise<Uint8Array> {
  const count = width * height;
  const samples = Array.from({ length: count }, (_, i) => Math.round((255 * i) / Math.max(1, count - 1)));
  return pngFile({ width, height, colour: "grey", samples });
}

/** RGB in the middle of each quarter, row by row. */
export function quartersOf(image: RawImage): number[][] {
  const { width, height } = image;
  const rgb = toRgb(image);
  return [height / 4, (3 * height) / 4].flatMap((y) =>
    [width / 4, (3 * width) / 4].map((x) => {
      const at = (Math.floor(y) * width + Math.floor(x)) * 3;
      return [...rgb.subarray(at, at + 3)];
    }),
  );
}
