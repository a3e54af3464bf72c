import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ModelFileError } from "../errors.ts";
import { pickedFiles } from "../hub/local.ts";
import { weightsFolder } from "../testing/pictures.ts";
import { readConfig, readTokenizer } from "./model-config.ts";

const own = (name: string) => readFileSync(`${weightsFolder}albef-mini/${name}`, "utf8");
const json = JSON.parse(own("tokenizer.json"));
const { config } = await readConfig(pickedFiles([new File([own("config.json")], "config.json")]));
const read = (name: string, text: string) => readTokenizer(pickedFiles([new File([text], name)]), config);
const withWord = (word: string, id: number) =>
  JSON.stringify({ ...json, model: { ...json.model, vocab: { ...json.model.vocab, [word]: id } } });

test.each<[string, string, string, RegExp]>([
  ["that the weights have no row for", "tokenizer.json", withWord("dog", 1e9), /knows more tokens than the/],
  ["one beyond the last", "tokenizer.json", withWord("a new word", config.text.vocabSize), /knows more tokens/],
  ["that is none", "tokenizer.json", withWord("dog", -1), /tokenizer\.json: tokenizer: the id of "dog" must be/],
])("a token id %s: an error, not another word's embedding", async (_title, name, text, message) => {
  await expect(read(name, text)).rejects.toThrow(ModelFileError);
  await expect(read(name, text)).rejects.toThrow(message);
});

test("a vocabulary that is none is told with its file's name", async () => {
  await expect(read("vocab.txt", "<!doctype html>")).rejects.toThrow(/\(vocab\.txt\): vocab\.txt: .* has no \[PAD\]/);
  await expect(read("tokenizer.json", "null")).rejects.toThrow(/tokenizer\.json: must hold an object/);
  await expect(read("tokenizer.json", "{")).rejects.toThrow(/tokenizer\.json: is not JSON/);
});
