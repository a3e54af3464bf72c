import { parseArgs } from "node:util";
import { WORKLOAD_KINDS, type WorkloadKind, type WorkloadRequest } from "./workloads/index.ts";
import { SIZE_NAMES, type SizeName } from "./workloads/sizes.ts";

export type AdapterName = "swiftshader" | "lavapipe" | "hardware";
const ADAPTERS: readonly AdapterName[] = ["swiftshader", "lavapipe", "hardware"];

export interface Arguments {
  readonly adapters: readonly AdapterName[];
  readonly workloads: readonly WorkloadRequest[];
  /** Part of an engine's name; none: all. */
  readonly engines: readonly string[];
  readonly repeats: number;
  readonly limitMs: number;
  readonly markdown?: string | undefined;
  readonly json?: string | undefined;
  /** Results of earlier runs, shown together with this one's. */
  readonly earlier: readonly string[];
}

const small = (kind: WorkloadKind, rest: Partial<WorkloadRequest> = {}): WorkloadRequest => ({
  ...{ kind, size: "small", batch: 1, length: 10, imageSize: 256 },
  ...rest,
});

/** What two CPU cores finish: about ten minutes. */
const DEFAULT = [
  small("vit"),
  small("vit", { batch: 8 }),
  small("vit", { imageSize: 384 }),
  small("bert"),
  small("bert", { length: 40, batch: 8 }),
  small("cross"),
  small("albef"),
  small("vit-step"),
  small("albef-step", { batch: 2, imageSize: 128 }),
];

const QUICK = [small("vit"), small("bert"), small("vit-step", { imageSize: 128 })];

const HELP = `npm run bench -- [--quick]
  [--workloads ${WORKLOAD_KINDS}] [--size ${SIZE_NAMES}] [--batch 1,8] [--length 10,40] [--image 256,384]
  [--adapters ${ADAPTERS}] [--engines jax,wasm,...] [--repeats 7] [--limit seconds]
  [--markdown FILE] [--json FILE] [--with EARLIER.json,...]`;

/** Reads the command line. Throws with the usage where it is wrong. */
export function parseArguments(args: readonly string[]): Arguments {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ quick: { type: "boolean" }, workloads: text, size: text, batch: text, length: text, image: text },
      ...{ adapters: text, engines: text, repeats: text, limit: text, markdown: text, json: text, with: text },
    },
  });
  const quick = values.quick === true;
  return {
    workloads: chosen(values) ?? (quick ? QUICK : DEFAULT),
    adapters: oneOf("adapters", list(values.adapters) ?? ADAPTERS, ADAPTERS),
    engines: list(values.engines) ?? [],
    repeats: numbers("repeats", values.repeats)?.[0] ?? (quick ? 3 : 7),
    limitMs: 1000 * (numbers("limit", values.limit)?.[0] ?? (quick ? 20 : 60)),
    markdown: values.markdown,
    json: values.json,
    earlier: list(values.with) ?? [],
  };
}

type Texts = Readonly<Record<string, string | boolean | undefined>>;

/** Every combination of what was named; nothing where nothing was. */
function chosen(values: Texts): WorkloadRequest[] | undefined {
  const named = ["workloads", "size", "batch", "length", "image"].some((key) => values[key] !== undefined);
  if (!named) return undefined;
  const kinds = oneOf("workloads", list(values.workloads) ?? ["vit"], WORKLOAD_KINDS);
  const sizes = oneOf<SizeName>("size", list(values.size) ?? ["small"], SIZE_NAMES);
  const [batches, lengths, images] = [
    numbers("batch", values.batch) ?? [1],
    numbers("length", values.length) ?? [10],
    numbers("image", values.image) ?? [256],
  ];
  return kinds.flatMap((kind) =>
    sizes.flatMap((size) =>
      batches.flatMap((batch) =>
        lengths.flatMap((length) => images.map((imageSize) => ({ kind, size, batch, length, imageSize }))),
      ),
    ),
  );
}

function list(value: string | boolean | undefined): string[] | undefined {
  return typeof value === "string" ? value.split(",").filter(Boolean) : undefined;
}

function numbers(name: string, value: string | boolean | undefined): number[] | undefined {
  return list(value)?.map((text) => {
    const number = Number(text);
    if (!Number.isInteger(number) || number < 1)
      throw new Error(`--${name}: ${text} is no whole number above 0\n${HELP}`);
    return number;
  });
}

function oneOf<T extends string>(name: string, given: readonly string[], known: readonly T[]): T[] {
  return given.map((text) => {
    const found = known.find((one) => one === text);
    if (!found) throw new Error(`--${name}: ${text} is none of ${known.join(", ")}\n${HELP}`);
    return found;
  });
}
