import { readFileSync } from "node:fs";
import { join } from "node:path";

export const fixtureFile = (path: string) => readFileSync(join(import.meta.dirname, "..", "..", "fixtures", path));

/** A checkpoint of the recorded cases with the configuration and the vocabulary that it needs, as files to choose. */
export function tinyCheckpoint(name: string) {
  const { config } = JSON.parse(fixtureFile("tiny/case.json").toString());
  return [
    { name, mimeType: "", buffer: fixtureFile(`pth/${name}`) },
    { name: "config.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(config)) },
    { name: "vocab.txt", mimeType: "text/plain", buffer: fixtureFile("tokenizer/vocab.txt") },
  ];
}
