import { readFileSync } from "node:fs";
import { byteSource, openSafetensors, safetensorsBlob, writableTensor } from "@albef/core";

const fixtures = new URL("../../../../fixtures/", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, fixtures));

interface CaseFile {
  readonly config: object;
  readonly weights: {
    readonly map: Readonly<Record<string, string>>;
    readonly extra?: string;
    readonly tied?: Readonly<Record<string, string>>;
  };
}

/**
 * The recorded model of a downstream task as the files of a model folder, and its recorded tensors. `aliases`: shared
 * tensors are stored under all of their names, as PyTorch does; `stale`: with zeros under the first.
 */
export async function tinyTask(
  name: "ve" | "vqa" | "nlvr" | "grounding",
  { aliases = false }: { readonly aliases?: boolean | "stale" } = {},
) {
  const { config, weights } = JSON.parse(read(`${name}/case.json`).toString()) as CaseFile;
  const source = await openSafetensors(byteSource(read("tiny/weights.safetensors"), "tiny"));
  const extra = weights.extra && (await openSafetensors(byteSource(read(`${name}/${weights.extra}`), name)));
  const stored = [
    ...Object.entries(weights.map).map(([key, from]) => [key, source, from] as const),
    ...(extra ? [...extra.tensors.keys()].map((key) => [key, extra, key] as const) : []),
  ];
  const again = Object.entries(aliases ? (weights.tied ?? {}) : {}).flatMap(([alias, key]) =>
    stored.filter(([name]) => name === key).map(([, file, from]) => [alias, file, from] as const),
  );
  const tensors = [];
  for (const [key, file, from] of [...stored, ...again]) {
    const { shape, data } = await file.read(from);
    if (/position_ids$/.test(key)) continue;
    const isStale =
      aliases === "stale" && again.some(([, , first]) => first === from) && !again.some(([alias]) => alias === key);
    const values = isStale ? new Float32Array(data.length) : Float32Array.from(data);
    tensors.push(writableTensor({ name: key, dtype: "f32", shape, data: values }));
  }
  return {
    files: [
      new File([JSON.stringify(config)], "config.json"),
      new File([read("tokenizer/vocab.txt")], "vocab.txt"),
      new File([await safetensorsBlob(tensors)], "model.safetensors"),
    ],
    recorded: await openSafetensors(byteSource(read(`${name}/tensors.safetensors`), name)),
  };
}
