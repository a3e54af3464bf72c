// Converts the recorded small checkpoint to several weight files, serves them to other origins until stdin ends, and prints
// one line of JSON: the address, and the inputs and features that PyTorch recorded.
import { readFileSync } from "node:fs";
import { byteSource } from "@albef/core";
import { convertCheckpoint } from "albef/convert";
import { serveFiles } from "../../packages/albef/src/testing/file-server.ts";
import { answersOtherOrigins } from "../lib/cross-origin.ts";
import { openCase } from "../parity/recorded-case.ts";
import { memorySink } from "./memory-sink.ts";

const fixture = (path: string) => readFileSync(new URL(`../../fixtures/${path}`, import.meta.url));

const recorded = await openCase("tiny", async (path) => fixture(path));
const files = new Map<string, Uint8Array>();
await convertCheckpoint(byteSource(fixture("pth/tiny_zip.pth"), "tiny_zip.pth"), memorySink(files), {
  dtype: "f32",
  config: recorded.json.config,
  tokenizer: new File([fixture("tokenizer/vocab.txt")], "vocab.txt"),
  maxShardBytes: 200_000,
});
const server = await serveFiles(files);
server.intercept = answersOtherOrigins;
const data = (name: string) => Array.from(recorded.tensor(name).data);
console.log(
  JSON.stringify({
    url: server.url,
    files: [...files.keys()],
    batch: recorded.tensor("in.image").shape[0],
    ...{ image: data("in.image"), inputIds: data("in.input_ids"), attentionMask: data("in.attention_mask") },
    ...{ imageFeatures: data("out.image_feat"), textFeatures: data("out.text_feat") },
  }),
);
process.stdin.resume().on("end", () => process.exit(0));
