import { elementCount, programMemory } from "@albef/core";
import { ALBEF_BASE, type OfficialModelName, officialKeys, withImageSize } from "@albef/encoder";
import { isNeeded, type WeightDType } from "../../packages/albef/src/convert/selection.ts";
import { weightFiles } from "../../packages/albef/src/convert/shards.ts";
import { storedTensors } from "../../packages/albef/src/convert/stored-tensors.ts";
import { imageGraph } from "../../packages/albef/src/model/graphs.ts";

const MODELS: readonly (readonly [what: string, model: OfficialModelName, imageSize: number])[] = [
  ["pre-trained, 4M or 14M", "pretrain", 256],
  ["retrieval (COCO, Flickr30k), RefCOCO+", "retrieval", 384],
  ["visual entailment", "ve", 384],
  ["VQA, with its answer decoder", "vqa", 384],
  ["NLVR2", "nlvr", 384],
];
const BATCHES = [1, 4, 16]; // those that galleries are indexed in
const DTYPES: readonly WeightDType[] = ["f32", "f16", "q8", "q4"];

/** The table of docs/weights.md: what each official checkpoint comes to, from its keys and shapes alone. */
export function sizesTable(maxShardBytes: number): string {
  const rows = MODELS.map(([what, model, imageSize]) => {
    const keys = [...officialKeys(model, withImageSize(ALBEF_BASE, imageSize))];
    const needed = keys.filter(([name, { dtype }]) => dtype === "f32" && isNeeded(name));
    const count = needed.reduce((sum, [, { shape }]) => sum + elementCount(shape), 0);
    const whole = keys.reduce((sum, [, { shape, dtype }]) => sum + elementCount(shape) * (dtype === "f32" ? 4 : 8), 0);
    const bytes = async () => new Uint8Array(); // sizes ask for none
    const tensors = needed.map(([name, { shape }]) => [name, { dtype: "F32", shape, bytes }] as const);
    const cells = DTYPES.map((dtype) => {
      const stored = storedTensors(tensors, { dtype, patchesPerSide: imageSize / ALBEF_BASE.vision.patchSize });
      const files = weightFiles(stored, { maxBytes: maxShardBytes, metadata: {} });
      return `${megabytes(files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))} in ${files.length}`;
    });
    return `| ${[what, `${(whole / 1e9).toFixed(1)} GB`, `${(count / 1e6).toFixed(0)} M`, ...cells].join(" | ")} |`;
  });
  const head = `| checkpoint | \`.pth\` | weights kept | ${DTYPES.map((dtype) => `\`${dtype}\``).join(" | ")} |`;
  return [head, `|---|---|---|${DTYPES.map(() => "---|").join("")}`, ...rows].join("\n");
}

/** What the image encoder of ALBEF-base holds on a WebGPU device beside its weights. */
export async function batchesTable(): Promise<string> {
  const rows: string[] = [];
  for (const imageSize of [256, 384]) {
    const config = withImageSize(ALBEF_BASE, imageSize);
    const plan = { config, textPrefix: "text_encoder", specs: new Map(), contrasts: true };
    const cells: string[] = [];
    for (const batch of BATCHES) cells.push(megabytes((await programMemory(imageGraph(plan, batch))).bytes));
    rows.push(`| ${[`${imageSize} px`, ...cells].join(" | ")} |`);
  }
  const head = `| pictures at a time | ${BATCHES.join(" | ")} |`;
  return [head, `|---|${BATCHES.map(() => "---|").join("")}`, ...rows].join("\n");
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
