import { readTensors, type StoredTensor, type TensorTable } from "./read-tensors.ts";

/** Reads a file by its path below the folder of recorded cases; absent files throw. */
export type ReadFile = (path: string) => Promise<Uint8Array>;

export interface Expected {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly atol?: number;
  readonly rtol?: number;
  readonly exact?: boolean;
}

interface WeightsEntry {
  readonly file: string;
  readonly map?: Readonly<Record<string, string>>;
  readonly extra?: string;
  readonly tied?: Readonly<Record<string, string>>;
}

interface CaseFile {
  readonly case: string;
  readonly config?: unknown;
  readonly weights?: WeightsEntry;
  readonly tensors_file?: string;
  readonly given?: Readonly<Record<string, unknown>>;
  readonly expected?: Readonly<Record<string, Expected>>;
  readonly [field: string]: unknown;
}

/** One recorded case: what `case.json` says, with its tensors at hand. */
export interface RecordedCase {
  /** The folder's name. */
  readonly name: string;
  /** What kind of case it is: chooses the checks. */
  readonly kind: string;
  readonly json: CaseFile;
  readonly expected: ReadonlyMap<string, Expected>;
  /** A given tensor (`in.*`) or a recorded result (`out.*`). */
  tensor(name: string): StoredTensor;
  has(name: string): boolean;
  /** A field of case.json as the caller knows it. */
  field<T>(name: string): T;
  /** A file beside case.json. */
  read(file: string): Promise<Uint8Array>;
  /** Weights under the names of this case's model. */
  weights(): Promise<TensorTable>;
}

export async function openCase(name: string, readFile: ReadFile): Promise<RecordedCase> {
  const read = (file: string) => readFile(joinPath(name, file));
  const json = await readJson(name, readFile);
  const tensors = json.tensors_file ? readTensors(await read(json.tensors_file)) : new Map<string, StoredTensor>();
  return {
    name,
    kind: json.case,
    json,
    // Some cases list plain values under `expected`; those belong to the family that knows them.
    expected: new Map(Object.entries(json.expected ?? {}).filter(([key]) => tensors.has(key))),
    has: (key) => tensors.has(key),
    tensor(key) {
      const tensor = tensors.get(key);
      if (!tensor) throw new Error(`${name}: ${json.tensors_file} holds no tensor ${key}`);
      return tensor;
    },
    field<T>(key: string) {
      if (!(key in json)) throw new Error(`${name}: case.json has no field ${key}`);
      return json[key] as T;
    },
    read,
    weights: () => readWeights(name, json.weights, read),
  };
}

/** The kind of a case, without its tensors. */
export async function caseKind(name: string, readFile: ReadFile): Promise<string> {
  return (await readJson(name, readFile)).case;
}

async function readJson(name: string, readFile: ReadFile): Promise<CaseFile> {
  return JSON.parse(new TextDecoder().decode(await readFile(`${name}/case.json`))) as CaseFile;
}

async function readWeights(
  name: string,
  entry: WeightsEntry | undefined,
  read: (file: string) => Promise<Uint8Array>,
): Promise<TensorTable> {
  if (!entry) throw new Error(`${name}: case.json names no weights`);
  const stored = readTensors(await read(entry.file));
  const sources = Object.entries(entry.map ?? Object.fromEntries([...stored.keys()].map((key) => [key, key])));
  const table = new Map<string, StoredTensor>();
  for (const [key, source] of sources) {
    const tensor = stored.get(source);
    if (!tensor) throw new Error(`${name}: ${entry.file} holds no ${source}, which ${key} is mapped to`);
    table.set(key, tensor);
  }
  if (entry.extra) for (const [key, tensor] of readTensors(await read(entry.extra))) table.set(key, tensor);
  for (const [alias, key] of Object.entries(entry.tied ?? {})) if (table.has(key)) table.set(alias, table.get(key)!);
  return table;
}

/** `a/b` and `../c/d` -> `a/c/d`. */
function joinPath(folder: string, file: string): string {
  const parts: string[] = [];
  for (const part of `${folder}/${file}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
