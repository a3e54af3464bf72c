import { keptModelNames, type ModelSource, type ProgressOptions } from "albef";
import type { ModelChoice } from "../protocol/search.ts";

const CHECKPOINT = /\.(pth|pt|bin)$/i;

/** Where the chosen model is loaded from; a checkpoint of PyTorch is converted first and kept in this browser. */
export async function sourceOf(choice: ModelChoice, page: URL, options: ProgressOptions): Promise<ModelSource> {
  switch (choice.kind) {
    case "embedded":
      return new URL("albef-mini/", page);
    case "url":
      return new URL(choice.url, page);
    case "kept":
      return `opfs:${choice.name}`;
    case "files": {
      const checkpoint = choice.files.find(({ name }) => CHECKPOINT.test(name));
      return checkpoint ? converted(checkpoint, choice.files, options) : choice.files;
    }
  }
}

/** A configuration or tokenizer beside the checkpoint is taken; official checkpoints need neither. */
async function converted(checkpoint: File, beside: readonly File[], options: ProgressOptions): Promise<ModelSource> {
  const { convertCheckpoint, opfsSink } = await import("albef/convert");
  const name = freeName(checkpoint, await keptModelNames());
  const config = await beside.find((file) => file.name === "config.json")?.text();
  const tokenizer = beside.find((file) => file.name === "vocab.txt" || file.name === "tokenizer.json");
  await convertCheckpoint(checkpoint, await opfsSink(name), {
    ...options,
    tokenizer,
    ...(config !== undefined && { config: JSON.parse(config) }),
  });
  return `opfs:${name}`;
}

/** After the file; with a number where a model of that name is kept, so that a failed conversion costs none. */
function freeName(file: File, taken: readonly string[]): string {
  const plain = file.name.replace(CHECKPOINT, "").replace(/[^\w. -]/g, "-");
  const stem = plain.replace(/^\W/, "m").slice(0, 60);
  let name = stem;
  for (let count = 2; taken.includes(name); count++) name = `${stem}-${count}`;
  return name;
}
