import { WeightError } from "./errors.ts";

/** Bytes with random access, so that a file of gigabytes never sits in memory. */
export interface ByteSource {
  readonly name: string;
  readonly size: number;
  /** Exactly `length` bytes from `offset`, or a WeightError. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** A File, a Blob or bytes in memory as a source. */
export function byteSource(data: Blob | Uint8Array, name = data instanceof File ? data.name : "weights"): ByteSource {
  const size = data instanceof Blob ? data.size : data.byteLength;
  return {
    name,
    size,
    async read(offset, length) {
      expectInside(name, size, offset, length);
      if (!(data instanceof Blob)) return new Uint8Array(data.subarray(offset, offset + length)); // a Buffer's slice would not copy
      return new Uint8Array(await data.slice(offset, offset + length).arrayBuffer());
    },
  };
}

export function expectInside(name: string, size: number, offset: number, length: number): void {
  const valid = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!valid || offset + length > size) {
    throw new WeightError(
      `${name}: bytes ${offset} to ${offset + length} are outside its ${size} bytes; is the file truncated?`,
    );
  }
}
