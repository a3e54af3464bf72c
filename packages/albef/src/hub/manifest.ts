import { ModelFileError } from "../errors.ts";

export interface ManifestFile {
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** The files of a model: `{"files": {"config.json": {"size": 412, "sha256": "…"}, …}}`. */
export type Manifest = ReadonlyMap<string, ManifestFile>;

export const MANIFEST_NAME = "manifest.json";

/** Names without folders: a file of a model lies beside its configuration. */
export function isFileName(name: string): boolean {
  return /^[A-Za-z0-9_-][\w.-]{0,127}$/.test(name);
}

/** Throws ModelFileError unless `text` is a manifest. `where` names it in errors. */
export function parseManifest(text: string, where: string): Manifest {
  const files = (parse(text, where) as { files?: unknown } | null)?.files;
  if (typeof files !== "object" || files === null || Array.isArray(files)) {
    throw new ModelFileError(`${where}: must hold an object "files", got ${typeof files}`);
  }
  return new Map(Object.entries(files).map(([name, entry]) => [name, manifestFile(name, entry, where)]));
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ModelFileError(`${where}: is not JSON (${(cause as Error).message})`, { cause });
  }
}

function manifestFile(name: string, entry: unknown, where: string): ManifestFile {
  if (!isFileName(name)) throw new ModelFileError(`${where}: ${JSON.stringify(name)} is not a plain file name`);
  const { size, sha256 } = (entry ?? {}) as { size?: unknown; sha256?: unknown };
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size <= 0) {
    throw new ModelFileError(`${where}: size of ${name} must be a positive whole number, got ${JSON.stringify(size)}`);
  }
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new ModelFileError(
      `${where}: sha256 of ${name} must be 64 lower-case hex digits, got ${JSON.stringify(sha256)}`,
    );
  }
  return { size, sha256 };
}
