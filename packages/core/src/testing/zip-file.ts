import { crc32 } from "../io/crc32.ts";

export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array;
  /** What its own header says in place of what the directory says. */
  readonly local?: Partial<EntryHeader>;
  /** What the directory says in place of the truth. */
  readonly central?: Partial<EntryHeader>;
}

interface EntryHeader {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly size: number;
  readonly offset: number;
}

/** A zip file of stored records, lies included, written here so that tests know every byte. */
export function zipFile(entries: readonly ZipEntry[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const put = (part: Uint8Array, into = parts) => {
    into.push(part);
    if (into === parts) at += part.length;
  };
  for (const { name, data, local, central } of entries) {
    const truth: EntryHeader = { name, flags: 0, method: 0, crc: crc32(data), size: data.length, offset: at };
    put(header(0x04034b50, { ...truth, ...local }));
    put(data);
    put(header(0x02014b50, { ...truth, ...central }), directory);
  }
  const start = at;
  for (const entry of directory) put(entry);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, entries.length, true);
  end.setUint16(10, entries.length, true);
  end.setUint32(12, at - start, true);
  end.setUint32(16, start, true);
  put(new Uint8Array(end.buffer));
  return Uint8Array.from(Buffer.concat(parts));
}

/** A local header, or with the other signature an entry of the directory. */
function header(signature: number, { name, flags, method, crc, size, offset }: EntryHeader): Uint8Array {
  const isEntry = signature === 0x02014b50;
  const text = new TextEncoder().encode(name);
  const bytes = new Uint8Array((isEntry ? 46 : 30) + text.length);
  const view = new DataView(bytes.buffer);
  const shift = isEntry ? 2 : 0; // an entry begins with two versions
  view.setUint32(0, signature, true);
  view.setUint16(6 + shift, flags, true);
  view.setUint16(8 + shift, method, true);
  view.setUint32(14 + shift, crc, true);
  view.setUint32(18 + shift, size, true);
  view.setUint32(22 + shift, size, true);
  view.setUint16(26 + shift, text.length, true);
  if (isEntry) view.setUint32(42, offset, true);
  bytes.set(text, bytes.length - text.length);
  return bytes;
}
