import type { HeatMap } from "albef";

/** Cold to hot, as [red, green, blue]. */
const RAMP = [
  [30, 20, 90],
  [140, 30, 130],
  [235, 80, 60],
  [255, 170, 40],
  [255, 245, 150],
] as const;
const MOST_OPAQUE = 0.85;

/** Draws a map over a picture: its largest value hot, 0 and less transparent. */
export function drawHeat(canvas: HTMLCanvasElement, { data, width, height }: HeatMap): void {
  canvas.width = width;
  canvas.height = height;
  const most = data.reduce((best, value) => Math.max(best, value), 0);
  const pixels = new ImageData(width, height);
  data.forEach((value, i) => {
    const heat = most > 0 ? Math.max(0, value) / most : 0;
    pixels.data.set([...colourOf(heat), 255 * MOST_OPAQUE * Math.min(1, 1.6 * heat)], 4 * i);
  });
  canvas.getContext("2d")!.putImageData(pixels, 0, 0);
}

function colourOf(heat: number): number[] {
  const place = heat * (RAMP.length - 1);
  const from = Math.min(Math.floor(place), RAMP.length - 2);
  return RAMP[from]!.map((value, i) => value + (place - from) * (RAMP[from + 1]![i]! - value));
}
