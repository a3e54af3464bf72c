import { type AlbefConfig, loadTokenizer, parseConfig, type Tokenizer } from "@albef/encoder";
import { ModelFileError } from "../errors.ts";
import { type ModelFiles, readJson, required } from "../hub/model-files.ts";

/** The configuration, whether it recommends re-ranking, and its text. */
export async function readConfig(files: ModelFiles) {
  const blob = await required(files, "config.json", "the sizes of the model");
  const json = await readJson(blob, `${files.label}: config.json`);
  const config = parseConfig(json);
  return { config, rerankHelps: (json as { rerank?: unknown }).rerank !== false, text: await blob.text() };
}

/** The tokenizer of tokenizer.json, else of vocab.txt. Throws ModelFileError where it does not fit the configuration. */
export async function readTokenizer(files: ModelFiles, { text }: AlbefConfig): Promise<Tokenizer> {
  const json = await files.open("tokenizer.json");
  const vocab = json ? null : await files.open("vocab.txt");
  const tokenizer = await (vocab
    ? fromVocab(vocab)
    : fromJson(json ?? (await required(files, "tokenizer.json", "or vocab.txt: the vocabulary")))
  ).catch((cause: Error) => {
    throw new ModelFileError(`${files.label}: ${vocab ? "vocab.txt" : "tokenizer.json"}: ${cause.message}`, { cause });
  });
  if (tokenizer.size > text.vocabSize) {
    throw new ModelFileError(
      `${files.label}: the tokenizer knows more tokens than the ${text.vocabSize} of config.json; it is another model's`,
    );
  }
  return tokenizer;
}

async function fromJson(blob: Blob): Promise<Tokenizer> {
  const json = await readJson(blob, "tokenizer.json");
  if (typeof json === "object" && json !== null) return loadTokenizer(json);
  throw new ModelFileError("tokenizer.json: must hold an object");
}

async function fromVocab(blob: Blob): Promise<Tokenizer> {
  const { tokenizerFromVocab } = await import("../seldom.ts");
  return tokenizerFromVocab(await blob.text());
}
