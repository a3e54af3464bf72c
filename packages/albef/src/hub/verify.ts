import type { ByteSource } from "@albef/core";
import { DownloadError, IntegrityError } from "../errors.ts";
import { sha256 } from "../storage/sha256.ts";
import type { ProgressOptions } from "../types.ts";

const STEP_BYTES = 4 << 20;

/** SHA-256 in hexadecimal, read piece by piece so that weights are never whole in memory. */
export async function sha256Of(
  { name, size, read }: ByteSource,
  { onProgress, signal }: ProgressOptions = {},
): Promise<string> {
  const hash = sha256();
  for (let at = 0; at < size; at += STEP_BYTES) {
    signal?.throwIfAborted();
    const piece = await read(at, Math.min(STEP_BYTES, size - at));
    hash.update(piece);
    onProgress?.({ phase: "verify", file: name, loaded: at + piece.length, total: size });
  }
  return hash.hex();
}

/** Throws IntegrityError unless the blob is what the manifest says. */
export function expectHash(
  file: string,
  got: { size: number; sha256: string },
  want: { size: number; sha256: string },
) {
  if (got.size === want.size && got.sha256 === want.sha256) return;
  const what = (side: { size: number; sha256: string }) => `${side.size} bytes, SHA-256 ${side.sha256}`;
  throw new IntegrityError(
    `${file}: the manifest says ${what(want)}; downloaded were ${what(got)}. ` +
      "The file on the server is damaged or newer than its manifest.json",
  );
}

/** Throws where the first bytes cannot be those of such a file: servers like to answer a wrong address with a web page. */
export async function expectPlausible(blob: Blob, name: string, url: string): Promise<void> {
  const head = new Uint8Array(await blob.slice(0, 64).arrayBuffer());
  const text = new TextDecoder().decode(head).trimStart();
  const isPage = /^<(!doctype|html|head|\?xml)/i.test(text);
  const isWrong = name.endsWith(".json")
    ? !/^[[{]/.test(text.replace(/^\uFEFF/, ""))
    : name.endsWith(".safetensors") && (blob.size < 9 || head[8] !== 0x7b);
  if (!isPage && !isWrong) return;
  const got = isPage ? "a web page" : `something that begins with ${JSON.stringify(text.slice(0, 16))}`;
  throw new DownloadError(`${url}: is no ${name}, the server answered with ${got}; check the address`, {
    url,
    status: 200,
  });
}
