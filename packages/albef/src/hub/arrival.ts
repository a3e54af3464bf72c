import { type ByteSource, byteSource } from "@albef/core";

/** What was read of a file is worth nothing: it is fetched anew. Whoever read it takes the whole file then. */
export class FetchedAnew extends Error {
  override readonly name = "FetchedAnew";
}

/** The pieces of a file that is on its way, for those that read it meanwhile. */
export interface Arrival {
  /** Reads wait for the bytes that they want; they throw FetchedAnew, or what ended the download. */
  readonly source: ByteSource;
  /** Pieces of `pieceBytes` (the last may be shorter) are stored. */
  stored(pieceBytes: number, indices: Iterable<number>): void;
  /** All that was stored is dropped. */
  dropped(): void;
  /** The file is there, and right. */
  whole(blob: Blob): void;
  failed(error: unknown): void;
}

export interface ArrivalOptions {
  readonly name: string;
  readonly size: number;
  /** A stored piece. */
  piece(index: number): Promise<Blob | null>;
}

export function arrival({ name, size, piece }: ArrivalOptions): Arrival {
  const there = new Set<number>();
  let pieceBytes = 0; // until the first is there
  let isRead = false;
  let whole: ByteSource | undefined;
  let failure: { readonly error: unknown } | undefined;
  const waiting: (() => void)[] = [];

  const wake = () => {
    for (const go of waiting.splice(0)) go();
  };
  const change = () => new Promise<void>((go) => waiting.push(go));
  const indicesOf = (offset: number, length: number): number[] => {
    const first = Math.floor(offset / pieceBytes);
    return Array.from({ length: Math.ceil((offset + length) / pieceBytes) - first }, (_, i) => first + i);
  };
  const isThere = (offset: number, length: number) =>
    pieceBytes > 0 && indicesOf(offset, length).every((index) => there.has(index));
  const fail = (error: unknown) => {
    failure ??= { error };
    wake();
  };

  const read = async (offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
    while (!failure && !whole && !isThere(offset, length)) await change();
    if (failure) throw failure.error;
    if (whole) return whole.read(offset, length);
    isRead = true;
    const indices = indicesOf(offset, length);
    const start = offset - (indices[0] ?? 0) * pieceBytes;
    const pieces = await Promise.all(indices.map(piece));
    const blob = pieces.every((one) => one !== null) ? new Blob(pieces).slice(start, start + length) : null;
    const bytes = await blob?.arrayBuffer().catch(() => null); // removed while it was read: the download tells why
    if (!bytes) throw new FetchedAnew(`${name}: the cache lost pieces of it`);
    return new Uint8Array(bytes);
  };
  return {
    source: { name, size, read },
    stored(bytes, indices) {
      pieceBytes = bytes;
      for (const index of indices) there.add(index);
      wake();
    },
    dropped() {
      there.clear();
      pieceBytes = 0;
      if (isRead) fail(new FetchedAnew(`${name}: is fetched anew`));
    },
    whole(blob) {
      whole = byteSource(blob, name);
      wake();
    },
    failed: fail,
  };
}
