import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fixtureFile } from "./tiny-checkpoint.ts";

/** The recorded small model as the files of a model folder. */
function modelFiles(): Map<string, Buffer> {
  const { config } = JSON.parse(fixtureFile("tiny/case.json").toString());
  const files = new Map([
    ["config.json", Buffer.from(JSON.stringify(config))],
    ["vocab.txt", fixtureFile("tokenizer/vocab.txt")],
    ["model.safetensors", fixtureFile("tiny/weights.safetensors")],
  ]);
  const listed = [...files].map(([name, body]) => {
    const sha256 = createHash("sha256").update(body).digest("hex");
    return [name, { size: body.length, sha256 }];
  });
  return files.set("manifest.json", Buffer.from(JSON.stringify({ files: Object.fromEntries(listed) })));
}

export function writeModel(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, body] of modelFiles()) writeFileSync(join(folder, name), body);
}

/** The model under `/tiny/` of a server of another origin that lets any page read it. */
export async function serveModel(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const files = modelFiles();
  const server = createServer((request, response) => {
    const body = files.get((request.url ?? "").replace("/tiny/", ""));
    const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "range" };
    response.writeHead(body || request.method === "OPTIONS" ? 200 : 404, headers);
    response.end(request.method === "GET" ? body : undefined);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tiny/`,
    stop: () => new Promise((done) => server.close(() => done())),
  };
}
