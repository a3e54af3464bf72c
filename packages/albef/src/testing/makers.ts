import { readFileSync } from "node:fs";
import { weightsFolder } from "./pictures.ts";

const MAKERS = {
  turtle: "twemoji",
  mushroom: "noto",
  grapes: "noto",
  hamburger: "noto",
  airplane: "fluent-flat",
  bouquet: "noto",
  "fire-engine": "fluent-flat",
  "spouting-whale": "noto-v1",
} as const;

/** Things as one maker drew them, to learn from, and as others did, to be asked of. */
export const drawnThings = Object.entries(MAKERS).map(([thing, maker]) => ({
  word: thing.replace("-", " "),
  shown: new Blob([readFileSync(`${weightsFolder}eval/unseen-style/${thing}-streamline.png`)]),
  /** Below weights/eval. */
  asked: `held-out/${thing}-${maker}.png`,
}));

/** The thing that many places further on; after the last comes the first. */
export function thingAfter(place: number, by: number): (typeof drawnThings)[number] {
  return drawnThings[(place + by) % drawnThings.length]!;
}
