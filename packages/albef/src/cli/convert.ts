import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { fileSource } from "@albef/core/node";
import { convertCheckpoint } from "../convert/convert.ts";
import { diskSink } from "../convert/disk-sink.ts";
import type { WeightDType } from "../convert/selection.ts";
import type { Command } from "./command.ts";
import { megabytes, progressBar, UsageError } from "./terminal.ts";

const DTYPES: readonly WeightDType[] = ["f32", "f16", "q8", "q4"];

export const convert: Command = {
  usage: `albef convert FILE OUT [options]
  --dtype f32|f16|q8|q4   how matrices are stored (f16)
  --image-size N          side of the images in pixels; position embeddings are interpolated
  --config FILE           a configuration under official names, where the shapes do not tell it
  --tokenizer FILE        vocab.txt or tokenizer.json of the model (bert-base-uncased)
  --keep-training         also the momentum teacher and the queues
  --max-shard-size MB     bytes of a weight file (64)`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        dtype: { type: "string", default: "f16" },
        "image-size": { type: "string" },
        config: { type: "string" },
        tokenizer: { type: "string" },
        "keep-training": { type: "boolean", default: false },
        "max-shard-size": { type: "string", default: "64" },
      },
    });
    const [from, to, ...others] = positionals;
    if (from === undefined || to === undefined || others.length > 0)
      throw new UsageError("name a checkpoint and a folder");
    const dtype = DTYPES.find((known) => known === values.dtype);
    if (!dtype) throw new UsageError(`--dtype must be ${DTYPES.join(", ")}, got ${values.dtype}`);
    await using source = await fileSource(from);
    const bar = progressBar("converting");
    const { files, tensors } = await convertCheckpoint(source, await diskSink(to), {
      dtype,
      imageSize: number("image-size", values["image-size"]),
      keepTraining: values["keep-training"],
      maxShardBytes: number("max-shard-size", values["max-shard-size"])! * 2 ** 20,
      ...(values.config !== undefined && { config: JSON.parse(readFileSync(values.config, "utf8")) }),
      ...(values.tokenizer !== undefined && {
        tokenizer: new File([readFileSync(values.tokenizer)], values.tokenizer),
      }),
      onProgress: ({ loaded, total }) => bar.update(loaded, total ?? loaded, megabytes(loaded)),
    });
    bar.end();
    const bytes = [...files.values()].reduce((total, { size }) => total + size, 0);
    console.log(`${to}: ${tensors} tensors, ${files.size} files, ${megabytes(bytes)}`);
  },
};

function number(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`--${name} must be a positive number, got ${text}`);
}
