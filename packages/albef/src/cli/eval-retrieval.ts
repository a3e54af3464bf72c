import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Recall, RetrievalMetrics } from "@albef/heads";
import { parseRetrievalAnnotations } from "../evaluate/annotations.ts";
import { compactStates, evaluateRetrieval } from "../evaluate/retrieval.ts";
import { modelCore } from "../model/core.ts";
import type { EncodedImage } from "../model/encoded.ts";
import { type LoadedModel, loadModel } from "../model/load.ts";
import type { DevicePreference } from "../types.ts";
import type { Command } from "./command.ts";
import { progressBar, table, UsageError } from "./terminal.ts";

const SLICE = 16;
const STATE_BYTES = 2 ** 31; // image states beyond are kept as f16

export const evalRetrieval: Command = {
  usage: `albef eval retrieval MODEL --annotations FILE.json --images FOLDER [options]
  --k-test N      candidates that ITM re-ranks, official 256 for COCO, 128 for Flickr30K; 0: ITC alone (128)
  --device NAME   auto, webgpu, wasm or cpu (auto)
  --json FILE     also write the figures there`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        annotations: { type: "string" },
        images: { type: "string" },
        "k-test": { type: "string", default: "128" },
        device: { type: "string", default: "auto" },
        json: { type: "string" },
      },
    });
    const { annotations, images: folder } = values;
    const [source, ...others] = positionals;
    const kTest = Number(values["k-test"]);
    if (source === undefined || others.length > 0) throw new UsageError("name one model: a folder or an address");
    if (annotations === undefined || folder === undefined)
      throw new UsageError("--annotations and --images are needed");
    if (!Number.isInteger(kTest) || kTest < 0)
      throw new UsageError(`--k-test must be 0 or more, got ${values["k-test"]}`);
    const pairs = parseRetrievalAnnotations(readFileSync(annotations, "utf8"), annotations);
    const model = await loadModel(source, { device: values.device as DevicePreference });
    try {
      console.log(`${source} on ${model.device.kind} (${model.device.description}): ${model.device.reason}`);
      const encoded = await encode(
        model,
        pairs.images.map((path) => join(folder, path)),
        pairs.captions,
      );
      const bar = progressBar("re-ranking");
      const result = await evaluateRetrieval(model.engine, encoded, {
        ...pairs,
        kTest,
        onProgress: (stage, done, total) => bar.update(done, total, stage),
      });
      bar.end();
      console.log(`${pairs.images.length} images, ${pairs.captions.length} captions, re-ranked: ${kTest}`);
      console.log(metricsTable(result.itc, result.itm));
      if (values.json) writeFileSync(values.json, `${JSON.stringify({ itc: result.itc, itm: result.itm }, null, 2)}\n`);
    } finally {
      model.dispose();
    }
  },
};

async function encode(model: LoadedModel, paths: readonly string[], captions: readonly string[]) {
  const core = modelCore(model);
  const { imageSize, patchSize, hiddenSize } = model.config.vision;
  const stateBytes = paths.length * ((imageSize / patchSize) ** 2 + 1) * hiddenSize * 4;
  const bar = progressBar("encoding");
  const images: EncodedImage[] = [];
  for (let begin = 0; begin < paths.length; begin += SLICE) {
    const slice = paths.slice(begin, begin + SLICE).map((path) => readFileSync(path));
    const encoded = await core.encodeImages(slice);
    images.push(...(stateBytes > STATE_BYTES ? encoded.map(compactStates) : encoded));
    bar.update(images.length, paths.length, "images");
  }
  const onProgress = ({ loaded, file }: { loaded: number; file: string }) => {
    if (file === "texts") bar.update(loaded, captions.length, file);
  };
  const texts = await core.encodeTexts(captions, { onProgress });
  bar.end();
  return { images, texts };
}

function metricsTable(itc: RetrievalMetrics, itm: RetrievalMetrics | undefined): string {
  const cells = ({ r1, r5, r10, mean }: Recall) => [r1, r5, r10, mean].map((value) => value.toFixed(2));
  const rows = (name: string, { textRecall, imageRecall, mean }: RetrievalMetrics) => [
    [`${name}: image to text (TR)`, ...cells(textRecall)],
    [`${name}: text to image (IR)`, ...cells(imageRecall)],
    [`${name}: mean of both`, "", "", "", mean.toFixed(2)],
  ];
  return table([["", "R@1", "R@5", "R@10", "mean"], ...rows("ITC", itc), ...(itm ? rows("ITC + ITM", itm) : [])]);
}
