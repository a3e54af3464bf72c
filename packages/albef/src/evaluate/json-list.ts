import { ModelFileError } from "../errors.ts";

/** An entry of an annotation file, of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** The JSON of an annotation file. Throws ModelFileError, which names the file. */
export function parseJson(json: string, where: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new ModelFileError(`${where}: is not JSON (${(cause as Error).message})`, { cause });
  }
}

/** The entries of a list that holds some. Throws ModelFileError. */
export function listOf(value: unknown, where: string): Fields[] {
  if (!Array.isArray(value)) throw new ModelFileError(`${where}: must hold a list, got ${brief(value)}`);
  if (value.length === 0) throw new ModelFileError(`${where}: holds no entry`);
  return value.map((entry) => (entry ?? {}) as Fields);
}

/** What is thrown where an entry cannot be understood. */
export function wrongEntry(where: string, index: number, wanted: string, entry: unknown): ModelFileError {
  return new ModelFileError(`${where}: entry ${index} must hold ${wanted}, got ${brief(entry)}`);
}

/** The entries as `read` understands them. Throws ModelFileError, which names the first that it does not. */
export function parseList<T>(
  value: unknown,
  { where, wanted }: { readonly where: string; readonly wanted: string },
  read: (entry: Fields) => T | undefined,
): T[] {
  return listOf(value, where).map((entry, i) => {
    const found = read(entry);
    if (found === undefined) throw wrongEntry(where, i, wanted, entry);
    return found;
  });
}

export function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
