import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ServedRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
}

export interface FileServer extends AsyncDisposable {
  readonly url: string;
  readonly files: Map<string, Uint8Array>;
  readonly requests: ServedRequest[];
  /** Answers in place of the server where it returns true. */
  intercept:
    | ((request: IncomingMessage, response: ServerResponse, body: Uint8Array | undefined) => boolean)
    | undefined;
  ranges: boolean;
  stop(): Promise<void>;
}

export const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

/** A manifest of these files, as a file. */
export function manifestOf(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const entries = [...files].map(([name, data]) => [name, { size: data.length, sha256: sha256(data) }]);
  return new TextEncoder().encode(JSON.stringify({ files: Object.fromEntries(entries) }));
}

/** A real HTTP server over files in memory, with ETag, If-Range and single ranges. */
export async function serveFiles(files: Map<string, Uint8Array>): Promise<FileServer> {
  const requests: ServedRequest[] = [];
  const etags = new WeakMap<Uint8Array, string>();
  const etagOf = (body: Uint8Array | undefined): string => {
    if (!body) return "";
    const etag = etags.get(body) ?? `"${sha256(body).slice(0, 16)}"`;
    etags.set(body, etag);
    return etag;
  };
  const http = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname.slice(1));
    requests.push({ method: request.method ?? "", path, range: request.headers.range });
    const body = files.get(path);
    if (!server.intercept?.(request, response, body))
      answer(request, response, { body, etag: etagOf(body), ranges: server.ranges });
  });
  await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
  const server: FileServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    files,
    requests,
    intercept: undefined,
    ranges: true,
    stop: async () => {
      http.closeAllConnections();
      await new Promise((done) => http.close(done));
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
  return server;
}

interface Content {
  readonly body: Uint8Array | undefined;
  readonly etag: string;
  readonly ranges: boolean;
}

function answer(request: IncomingMessage, response: ServerResponse, { body, etag, ranges }: Content): void {
  if (!body) {
    response.writeHead(404).end("not found");
    return;
  }
  const span = request.headers.range
    ?.match(/^bytes=(\d+)-(\d+)$/)
    ?.slice(1)
    .map(Number);
  const ifRange = request.headers["if-range"];
  if (!ranges || !span || (ifRange !== undefined && ifRange !== etag)) {
    response.writeHead(200, { etag, "content-length": body.length });
    response.end(request.method === "HEAD" ? undefined : body);
    return;
  }
  const [begin, last] = [span[0]!, Math.min(span[1]!, body.length - 1)];
  if (begin >= body.length) {
    response.writeHead(416, { "content-range": `bytes */${body.length}` }).end();
    return;
  }
  const range = `bytes ${begin}-${last}/${body.length}`;
  response.writeHead(206, { etag, "content-range": range, "content-length": last - begin + 1 });
  response.end(body.subarray(begin, last + 1));
}
