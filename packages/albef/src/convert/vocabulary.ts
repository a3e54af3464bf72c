import type { AlbefConfig } from "@albef/encoder";
import { ModelFileError } from "../errors.ts";
import { isNode } from "../platform.ts";

export interface TokenizerFile {
  readonly name: "vocab.txt" | "tokenizer.json";
  readonly bytes: Uint8Array;
}

/** The tokenizer given, else the words of bert-base-uncased. Throws ModelFileError where it is another model's. */
export async function readTokenizerFile(given: File | undefined, { text }: AlbefConfig): Promise<TokenizerFile> {
  const bytes = given ? new Uint8Array(await given.arrayBuffer()) : await bertVocabulary();
  const name = given?.name.endsWith(".json") ? "tokenizer.json" : "vocab.txt";
  const contents = new TextDecoder().decode(bytes);
  const words = name === "vocab.txt" ? contents.trimEnd().split("\n").length : wordsIn(contents, given!.name);
  if (words === text.vocabSize) return { name, bytes };
  const remedy = given ? "it is another model's" : "give the model's own vocab.txt or tokenizer.json";
  throw new ModelFileError(`tokenizer: ${words} words, the weights have ${text.vocabSize}; ${remedy}`);
}

function wordsIn(json: string, name: string): number {
  let parsed: { model?: { vocab?: unknown } } | null;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new ModelFileError(`${name}: is not JSON (${(cause as Error).message})`, { cause });
  }
  const vocab = parsed?.model?.vocab;
  if (typeof vocab !== "object" || vocab === null) throw new ModelFileError(`${name}: holds no model.vocab`);
  return Object.keys(vocab).length;
}

async function bertVocabulary(): Promise<Uint8Array> {
  // Written out in full: bundlers find files only by such literals.
  const url = new URL("../../vocab/bert-base-uncased.txt", import.meta.url);
  if (isNode()) return process.getBuiltinModule("node:fs").promises.readFile(url);
  const response = await fetch(url);
  if (!response.ok) throw new ModelFileError(`${url}: the server answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
