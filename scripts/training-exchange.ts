/**
 * One step of the recorded pre-training case on tfjs, from the case's weights or a saved training, saved to a file:
 *   node --conditions=@albef/source --import tsx scripts/training-exchange.ts STEP OUT.safetensors [FROM.safetensors]
 * weights/pretrain/test_exchange.py holds it against the same step in PyTorch.
 */
import { openAsBlob } from "node:fs";
import { writeFile } from "node:fs/promises";
import { recordedTraining } from "./lib/recorded-training.ts";

const [step, out, from] = process.argv.slice(2) as [string, string, string | undefined];
const { losses, saved } = await recordedTraining(Number(step), from === undefined ? undefined : await openAsBlob(from));
await writeFile(out, new Uint8Array(await saved.arrayBuffer()));
console.log(JSON.stringify(losses));
