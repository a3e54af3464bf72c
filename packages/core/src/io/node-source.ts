import { open } from "node:fs/promises";
import { basename } from "node:path";
import { type ByteSource, expectInside } from "./byte-source.ts";
import { WeightError } from "./errors.ts";

/** A file on disk as a source. Close it when done. */
export async function fileSource(path: string): Promise<ByteSource & AsyncDisposable> {
  const handle = await open(path, "r").catch((cause: unknown) => {
    throw new WeightError(`${path}: cannot be opened (${String(cause)})`, { cause });
  });
  const { size } = await handle.stat();
  const name = basename(path);
  return {
    name,
    size,
    async read(offset, length) {
      expectInside(name, size, offset, length);
      const buffer = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
        if (bytesRead === 0) throw new WeightError(`${name}: ended at byte ${offset + done}`);
        done += bytesRead;
      }
      return buffer;
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}
