import type { Size } from "../resize.ts";
import { type Draw, drawInteger } from "./random.ts";
import type { Crop } from "./rgb-image.ts";
import { roundHalfEven } from "./warp.ts";

export interface RandomCropOptions {
  /** Share of the area, lower and upper bound. ALBEF: [0.2, 1] in pre-training, [0.5, 1] in fine-tuning. */
  readonly scale?: readonly [number, number];
  /** Width over height, lower and upper bound. */
  readonly ratio?: readonly [number, number];
}

const TRIES = 10;

/** The rectangle that torchvision's RandomResizedCrop draws (get_params). */
export function drawCrop(image: Size, draw: Draw, options: RandomCropOptions = {}): Crop {
  const { scale = [0.2, 1], ratio = [3 / 4, 4 / 3] } = options;
  for (const [name, [low, high]] of Object.entries({ scale, ratio })) {
    if (!(low > 0 && high >= low)) {
      throw new RangeError(`crop: ${name} must be two positive bounds, the lower first, got [${low}, ${high}]`);
    }
  }
  const between = ([low, high]: readonly [number, number]) => low + (high - low) * draw();
  for (let i = 0; i < TRIES; i++) {
    const area = image.width * image.height * between(scale);
    const aspect = Math.exp(between([Math.log(ratio[0]), Math.log(ratio[1])]));
    const width = roundHalfEven(Math.sqrt(area * aspect));
    const height = roundHalfEven(Math.sqrt(area / aspect));
    if (width > 0 && width <= image.width && height > 0 && height <= image.height) {
      const top = drawInteger(draw, image.height - height + 1);
      return { top, left: drawInteger(draw, image.width - width + 1), width, height };
    }
  }
  return centralCrop(image, ratio);
}

/** The largest middle part whose aspect lies within the bounds. */
function centralCrop(image: Size, [low, high]: readonly [number, number]): Crop {
  const aspect = image.width / image.height;
  const width = aspect > high ? Math.max(1, roundHalfEven(image.height * high)) : image.width;
  const height = aspect < low ? Math.max(1, roundHalfEven(image.width / low)) : image.height;
  const top = Math.floor((image.height - height) / 2);
  return { top, left: Math.floor((image.width - width) / 2), width, height };
}
