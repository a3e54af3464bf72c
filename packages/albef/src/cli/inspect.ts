import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileSource } from "@albef/core/node";
import { configFromShapes, formatConfig } from "@albef/encoder";
import { type Checkpoint, openCheckpoint } from "../convert/checkpoint.ts";
import { isNeeded } from "../convert/selection.ts";
import type { Command } from "./command.ts";
import { megabytes, table, UsageError } from "./terminal.ts";

const BYTES: Readonly<Record<string, number>> = {
  ...{ F64: 8, I64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2, I8: 1, U8: 1, BOOL: 1 },
};

export const inspect: Command = {
  usage: "albef inspect FILE|FOLDER [--keys]    --keys lists every tensor",
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { keys: { type: "boolean", default: false } },
    });
    const [path, ...others] = positionals;
    if (path === undefined || others.length > 0) throw new UsageError("name one file or folder");
    if (!existsSync(path)) throw new UsageError(`${path}: there is no such file or folder`);
    for (const file of weightsAt(path)) {
      await using source = await fileSource(file);
      report(await openCheckpoint(source), source.size, values.keys);
    }
  },
};

function weightsAt(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const files = readdirSync(path).filter((name) => /\.(safetensors|pth|pt)$/.test(name));
  if (files.length === 0) throw new UsageError(`${path}: holds no .safetensors or .pth`);
  return files.sort().map((name) => join(path, name));
}

function report({ name, format, tensors, scalars }: Checkpoint, size: number, listKeys: boolean): void {
  const needed = [...tensors.keys()].filter(isNeeded).length;
  console.log(
    `${name}: ${format}, ${megabytes(size)}, ${tensors.size} tensors, ${needed} of them needed to run the model`,
  );
  const facts = Object.entries(scalars).map(([key, value]) => `${key} = ${value}`);
  if (facts.length > 0) console.log(facts.join("\n"));
  console.log(table([["dtype", "tensors", "bytes"], ...dtypeRows(tensors)]));
  if (listKeys) {
    const rows = [...tensors].map(([key, { dtype, shape }]) => [key, dtype, `[${shape.join(", ")}]`]);
    console.log(table([["tensor", "dtype", "shape"], ...rows]));
  }
  try {
    const config = configFromShapes(new Map([...tensors].map(([key, { shape }]) => [key, shape])));
    console.log(`configuration by its shapes:\n${JSON.stringify(formatConfig(config), null, 2)}`);
  } catch (error) {
    console.log(`no configuration: ${(error as Error).message}`);
  }
}

function dtypeRows(tensors: Checkpoint["tensors"]): string[][] {
  const sums = new Map<string, { count: number; bytes: number }>();
  for (const { dtype, shape } of tensors.values()) {
    const sum = sums.get(dtype) ?? { count: 0, bytes: 0 };
    sum.count++;
    sum.bytes += shape.reduce((size, extent) => size * extent, BYTES[dtype]!);
    sums.set(dtype, sum);
  }
  return [...sums].map(([dtype, { count, bytes }]) => [dtype, String(count), megabytes(bytes)]);
}
