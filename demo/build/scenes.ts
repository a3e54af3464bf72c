import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Scene } from "../src/protocol/scenes.ts";

/** Where the held-out scenes of the downstream tasks lie. */
export const SCENES_FOLDER = "tasks/held-out";

/** Scenes of which one sentence is true and another, made like it, is not. */
export function readScenes(weights: string): Scene[] {
  const rows = JSON.parse(readFileSync(join(weights, "tasks", "ve-held-out.json"), "utf8")) as {
    readonly image: string;
    readonly sentence: string;
    readonly label: string;
  }[];
  return [...new Set(rows.map(({ image }) => image))].flatMap((image) => {
    const said = (label: string) => rows.find((row) => row.image === image && row.label === label)?.sentence;
    const [sentence, foil] = [said("entailment"), said("contradiction")];
    return sentence && foil ? [{ file: image.split("/").pop()!, sentence, foil }] : [];
  });
}
