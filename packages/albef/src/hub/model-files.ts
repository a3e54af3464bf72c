import { type ByteSource, byteSource } from "@albef/core";
import { ModelFileError, ModelSourceError } from "../errors.ts";

/** The files of one model, wherever they lie. */
export interface ModelFiles {
  /** Where they come from, for errors. */
  readonly label: string;
  /** A file, readable at random; null where there is none of this name. */
  open(name: string): Promise<Blob | null>;
  /** A file that can be read while it comes; absent where files are there already. */
  stream?(name: string): Promise<StreamedFile | null>;
}

/** A file that may still be on its way. */
export interface StreamedFile {
  /** Reads wait for the bytes that they want. Throws FetchedAnew where those read before are worth nothing. */
  readonly source: ByteSource;
  /** Settles when the file is there: fulfilled only where its hash is right. */
  readonly whole: Promise<unknown>;
}

export function streamOf(blob: Blob | null, name: string): StreamedFile | null {
  return blob && { source: byteSource(blob, name), whole: Promise.resolve() };
}

/** Throws ModelSourceError where the file is missing. `purpose` says what it is for. */
export async function required(files: ModelFiles, name: string, purpose: string): Promise<Blob> {
  const blob = await files.open(name);
  if (blob) return blob;
  throw new ModelSourceError(`${files.label}: has no ${name} (${purpose})`);
}

/** The JSON in a file. Throws ModelFileError where it is none. */
export async function readJson(blob: Blob, name: string): Promise<unknown> {
  try {
    return JSON.parse(await blob.text());
  } catch (cause) {
    throw new ModelFileError(`${name}: is not JSON (${(cause as Error).message})`, { cause });
  }
}
