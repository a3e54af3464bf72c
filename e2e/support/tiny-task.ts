import { fixtureFile } from "./tiny-checkpoint.ts";

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

interface CaseFile {
  readonly config: object;
  readonly weights: { readonly map: Readonly<Record<string, string>>; readonly extra?: string };
}

/** The recorded model of a downstream task as the files of a model folder, to choose in the page. */
export function tinyTask(name: "ve" | "vqa" | "nlvr") {
  const { config, weights } = JSON.parse(fixtureFile(`${name}/case.json`).toString()) as CaseFile;
  const tiny = openFile("tiny/weights.safetensors");
  const extra = weights.extra === undefined ? undefined : openFile(`${name}/${weights.extra}`);
  const tensors = [
    ...Object.entries(weights.map).map(([key, from]) => ({ key, ...tiny.tensor(from) })),
    ...(extra?.names ?? []).map((key) => ({ key, ...extra!.tensor(key) })),
  ].filter(({ key }) => !key.endsWith("position_ids")); // a buffer of indices, not a weight
  return [
    { name: "config.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(config)) },
    { name: "vocab.txt", mimeType: "text/plain", buffer: fixtureFile("tokenizer/vocab.txt") },
    { name: "model.safetensors", mimeType: "", buffer: written(tensors) },
  ];
}

function openFile(path: string) {
  const bytes = fixtureFile(path);
  const begin = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, begin).toString()) as Record<string, Entry>;
  return {
    names: Object.keys(header).filter((name) => name !== "__metadata__"),
    tensor(name: string) {
      const { dtype, shape, data_offsets } = header[name]!;
      return { dtype, shape, data: bytes.subarray(begin + data_offsets[0], begin + data_offsets[1]) };
    },
  };
}

interface Tensor extends Omit<Entry, "data_offsets"> {
  readonly key: string;
  readonly data: Buffer;
}

function written(tensors: readonly Tensor[]): Buffer {
  let offset = 0;
  const entries = tensors.map(({ key, dtype, shape, data }) => {
    const entry = { dtype, shape, data_offsets: [offset, offset + data.length] };
    offset += data.length;
    return [key, entry] as const;
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, ...tensors.map(({ data }) => data)]);
}
