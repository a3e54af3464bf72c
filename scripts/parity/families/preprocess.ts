import { normalizeRgb, type RawImage, resizeRgb, toRgb } from "@albef/encoder";
import { type Check, checkNumbers } from "../check.ts";
import type { PlainFamily } from "../family.ts";
import type { RecordedCase } from "../recorded-case.ts";

interface Crop {
  readonly image: string;
  readonly name: string;
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  readonly size: number;
}

interface Pixels {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** The official test transform from the image files on, and resized crops. */
export const preprocess: PlainFamily = {
  needs: "nothing",
  async run(recorded) {
    const { decodeImageInNode } = await import("@albef/encoder/node");
    const images = new Map<string, Pixels>();
    for (const file of recorded.field<readonly string[]>("images")) {
      const image: RawImage = await decodeImageInNode(await recorded.read(file));
      images.set(file.replace(/\.[^.]+$/, ""), { rgb: toRgb(image), width: image.width, height: image.height });
    }
    const crops = recorded.field<readonly Crop[]>("crops");
    return [
      ...[...images].map(([name, { rgb }]) => checkInput(`${name}.rgb`, rgb, recorded)),
      ...[...recorded.expected].flatMap(([key, expected]): Check[] => {
        const name = key.slice("out.".length);
        const actual = transformed(name, images) ?? cropped(name, images, crops);
        return actual ? [checkNumbers(name, actual, recorded.tensor(key).data, expected)] : [];
      }),
    ];
  },
};

function checkInput(name: string, rgb: Uint8Array, recorded: RecordedCase): Check {
  return checkNumbers(name, rgb, recorded.tensor(`in.${name}`).data, { exact: true });
}

/** `NAME.resizedN` as bytes, `NAME.testN` normalised. */
function transformed(quantity: string, images: ReadonlyMap<string, Pixels>): ArrayLike<number> | null {
  const found = /^(.+)\.(resized|test)(\d+)$/.exec(quantity);
  const image = found && images.get(found[1]!);
  if (!image) return null;
  const size = Number(found[3]);
  const resized = resizeRgb(image.rgb, image, { width: size, height: size });
  return found[2] === "test" ? normalizeRgb(resized) : resized;
}

/** `NAME.cropN` and its mirror image `NAME.cropN_flip`. */
function cropped(quantity: string, images: ReadonlyMap<string, Pixels>, crops: readonly Crop[]): Uint8Array | null {
  const crop = crops.find(({ name }) => name === quantity.replace(/_flip$/, ""));
  const image = crop && images.get(crop.image);
  if (!image) return null;
  const part = rectangle(image, crop);
  const resized = resizeRgb(part, crop, { width: crop.size, height: crop.size });
  return quantity.endsWith("_flip") ? mirrored(resized, crop.size) : resized;
}

function rectangle({ rgb, width: stride }: Pixels, { top, left, height, width }: Crop): Uint8Array {
  const result = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    const begin = ((top + y) * stride + left) * 3;
    result.set(rgb.subarray(begin, begin + width * 3), y * width * 3);
  }
  return result;
}

function mirrored(rgb: Uint8Array, width: number): Uint8Array {
  return rgb.map((_, i) => {
    const [pixel, channel] = [Math.floor(i / 3), i % 3];
    const x = pixel % width;
    return rgb[(pixel - x + width - 1 - x) * 3 + channel]!;
  });
}
