export interface ContentRange {
  readonly begin: number;
  /** Exclusive. */
  readonly end: number;
  readonly total: number;
}

/** `bytes 0-99/1234`; null where the header is absent (not exposed to this origin) or unusable. */
export function parseContentRange(header: string | null): ContentRange | null {
  const match = header?.match(/^bytes (\d+)-(\d+)\/(\d+)$/);
  if (!match) return null;
  const [begin, last, total] = match.slice(1).map(Number) as [number, number, number];
  return begin <= last && last < total && Number.isSafeInteger(total) ? { begin, end: last + 1, total } : null;
}

export interface Chunk {
  readonly index: number;
  readonly begin: number;
  /** Exclusive. */
  readonly end: number;
}

/** A file of `size` bytes in pieces of `chunkBytes`; the last may be shorter. */
export function chunksOf(size: number, chunkBytes: number): Chunk[] {
  return Array.from({ length: Math.ceil(size / chunkBytes) }, (_, index) => ({
    index,
    begin: index * chunkBytes,
    end: Math.min(size, (index + 1) * chunkBytes),
  }));
}

/** Tells versions of a file apart: its ETag and Last-Modified, where the server and CORS give them. */
export function validatorOf(headers: Headers): string {
  return `${headers.get("etag") ?? ""}|${headers.get("last-modified") ?? ""}`;
}
