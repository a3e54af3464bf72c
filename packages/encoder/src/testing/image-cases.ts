import { type RawImage, toRgb } from "../image/raw-image.ts";
import { type PngImage, pngFile } from "./image-files.ts";

export interface ImageCase {
  readonly file: PngImage;
  /** As PIL's convert("RGB") has it: alpha dropped, grey repeated, 16 bits cut to their upper 8. */
  readonly rgb: readonly number[];
  /** Decoders of browsers round 16 bits, ours cuts them. */
  readonly tolerance?: number;
}

const size = { width: 2, height: 2 } as const;

/** Every kind of PNG that cameras, scanners and drawing programs write, in four pixels. */
export const imageCases: Readonly<Record<string, ImageCase>> = {
  rgb: {
    file: { ...size, colour: "rgb", samples: [255, 0, 0, 0, 255, 0, 0, 0, 255, 12, 34, 56] },
    rgb: [255, 0, 0, 0, 255, 0, 0, 0, 255, 12, 34, 56],
  },
  grey: { file: { ...size, colour: "grey", samples: [0, 77, 128, 255] }, rgb: repeated([0, 77, 128, 255]) },
  "grey with alpha": {
    file: { ...size, colour: "greyAlpha", samples: [10, 255, 77, 128, 200, 1, 255, 0] },
    rgb: repeated([10, 77, 200, 255]),
  },
  "alpha: colours under it stay as they are": {
    file: {
      ...size,
      colour: "rgba",
      samples: [200, 100, 50, 255, 200, 100, 50, 128, 201, 101, 51, 3, 255, 255, 255, 0],
    },
    rgb: [200, 100, 50, 200, 100, 50, 201, 101, 51, 255, 255, 255],
  },
  palette: {
    file: { ...size, colour: "palette", samples: [2, 0, 1, 2], palette: [1, 2, 3, 250, 128, 0, 9, 90, 190] },
    rgb: [9, 90, 190, 1, 2, 3, 250, 128, 0, 9, 90, 190],
  },
  "16-bit rgb": {
    file: { ...size, colour: "rgb", bits: 16, samples: [0xffff, 0, 0x1234, 0x8080, 0x00ff, 0xff00, 1, 2, 3, 4, 5, 6] },
    rgb: [255, 0, 0x12, 0x80, 0, 255, 0, 0, 0, 0, 0, 0],
    tolerance: 1,
  },
  "16-bit grey": {
    file: { ...size, colour: "grey", bits: 16, samples: [0, 0x7fff, 0xabcd, 0xffff] },
    rgb: repeated([0, 0x7f, 0xab, 0xff]),
    tolerance: 1,
  },
};

export const imageFile = async ({ file }: ImageCase): Promise<Uint8Array> => pngFile(file);

const BLOCK = 8; // pixels that survive JPEG
const LETTERS = "abcdef";
const greyOf = (letter: number) => 20 + 40 * letter;

/** A picture of 3 x 2 grey blocks, a to f. */
export const sixBlocks = {
  width: 3 * BLOCK,
  height: 2 * BLOCK,
  greys: Uint8Array.from({ length: 6 * BLOCK * BLOCK }, (_, i) => {
    const [x, y] = [i % (3 * BLOCK), Math.floor(i / (3 * BLOCK))];
    return greyOf(Math.floor(y / BLOCK) * 3 + Math.floor(x / BLOCK));
  }),
};

/** How the six blocks stand after each EXIF orientation, 1 to 8. */
export const UPRIGHT: readonly (readonly string[])[] = [
  ["abc", "def"],
  ["cba", "fed"],
  ["fed", "cba"],
  ["def", "abc"],
  ["ad", "be", "cf"],
  ["da", "eb", "fc"],
  ["fc", "eb", "da"],
  ["cf", "be", "ad"],
];

/** Reads the blocks of a picture back. */
export function lettersOf(image: RawImage): string[] {
  const rgb = toRgb(image);
  const letter = (x: number, y: number) => {
    const grey = rgb[((y * BLOCK + BLOCK / 2) * image.width + x * BLOCK + BLOCK / 2) * 3]!;
    return LETTERS[Math.round((grey - greyOf(0)) / (greyOf(1) - greyOf(0)))] ?? "?";
  };
  return Array.from({ length: image.height / BLOCK }, (_, y) =>
    Array.from({ length: image.width / BLOCK }, (_, x) => letter(x, y)).join(""),
  );
}

function repeated(greys: readonly number[]): number[] {
  return greys.flatMap((grey) => [grey, grey, grey]);
}
