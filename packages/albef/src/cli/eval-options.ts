import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type LoadedModel, loadModel } from "../model/load.ts";
import type { DevicePreference } from "../types.ts";
import { UsageError } from "./terminal.ts";

/** Options that every evaluation of a downstream task has. */
export const EVAL_USAGE = `  --adapter FILE  what a fine-tuning of MODEL learnt
  --device NAME   auto, webgpu, wasm or cpu (auto)`;

export interface EvalArguments {
  readonly source: string;
  /** The options by name. */
  readonly values: Readonly<Record<string, string | undefined>>;
}

/** Reads a call `MODEL --name VALUE ...`. Throws UsageError where one of `needed` is missing. */
export function evalArguments(
  args: readonly string[],
  needed: readonly string[],
  optional: readonly string[],
): EvalArguments {
  const names = [...needed, ...optional, "adapter", "device"];
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
  });
  const [source, ...others] = positionals;
  if (source === undefined || others.length > 0) throw new UsageError("name one model: a folder or an address");
  const missing = needed.filter((name) => values[name] === undefined);
  if (missing.length > 0) throw new UsageError(`${missing.map((name) => `--${name}`).join(" and ")} must be given`);
  return { source, values: values as EvalArguments["values"] };
}

/** Loads the model of a call, with its adapter, for `work`. */
export async function withModel(
  { source, values }: EvalArguments,
  work: (model: LoadedModel) => Promise<void>,
): Promise<void> {
  const model = await loadModel(source, { device: (values.device ?? "auto") as DevicePreference });
  try {
    console.log(`${source} on ${model.device.kind} (${model.device.description}): ${model.device.reason}`);
    if (values.adapter === undefined) return await work(model);
    const { readAdapter, tunedModel } = await import("../training/index.ts");
    const adapter = new File([readFileSync(values.adapter)], values.adapter);
    const tuned = await tunedModel(model, await readAdapter(adapter, model.fingerprint));
    try {
      await work(tuned);
    } finally {
      tuned.dispose();
    }
  } finally {
    model.dispose();
  }
}

/** A picture of the folder that the call names. */
export function imagesIn({ values }: EvalArguments): (path: string) => Uint8Array {
  return (path) => readFileSync(join(values.images!, path));
}

export function textOf(path: string): string {
  return readFileSync(path, "utf8");
}
