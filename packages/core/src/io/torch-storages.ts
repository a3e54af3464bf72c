import type { PickleValue } from "./pickle-values.ts";

/** Reads a part of a storage. */
export type StorageReader = (
  storage: string,
  byteOffset: number,
  byteLength: number,
) => Promise<Uint8Array<ArrayBuffer>>;

/** What a file holds: the object, and the storages that its tensors view. */
export interface OpenedStorages {
  readonly root: PickleValue;
  /** Bytes that each storage really has. */
  sizeOf(storage: string): number | undefined;
  readonly read: StorageReader;
}
