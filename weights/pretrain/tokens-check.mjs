// Compares tokenizer.json, as the JavaScript tokenizer reads it, with the ids training used.
// usage: node tokens-check.mjs MODEL_DIR EXPECTED.json      EXPECTED: [[caption, [ids]]]
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";

const [folder, expectedFile] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const tokenizer = new Tokenizer(read(join(folder, "tokenizer.json")), read(join(folder, "tokenizer_config.json")));
const expected = read(expectedFile);
const wrong = expected.filter(([caption, ids]) => String(tokenizer.encode(caption).ids) !== String(ids));
for (const [caption, ids] of wrong.slice(0, 10)) console.log(caption, ids, tokenizer.encode(caption).ids);
console.log(`${expected.length - wrong.length} equal, ${wrong.length} different`);
process.exitCode = wrong.length === 0 ? 0 : 1;
