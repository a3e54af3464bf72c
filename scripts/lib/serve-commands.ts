import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What `official-size/serve-small.ts` prints. */
export interface ServedSmallModel {
  readonly url: string;
  readonly files: readonly string[];
  readonly batch: number;
  readonly image: readonly number[];
  readonly inputIds: readonly number[];
  readonly attentionMask: readonly number[];
  readonly imageFeatures: readonly number[];
  readonly textFeatures: readonly number[];
}

/** What `photo-server/serve-photos.ts` prints. */
export interface ServedPhotos {
  readonly model: string;
  readonly photos: string;
  readonly names: readonly string[];
}

/** For tests in a browser: a converted model on another origin. */
export const serveSmallModel = () => serve<ServedSmallModel>("../official-size/serve-small.ts");

/** For tests in a browser: the example's photo server, with a model to be loaded. */
export const servePhotos = () => serve<ServedPhotos>("../photo-server/serve-photos.ts");

/** Starts a server and reads the line of JSON that it prints. It ends with the test run, which holds its stdin. */
async function serve<T>(script: string): Promise<T> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const args = ["--conditions=@albef/source", "--import", "tsx", path];
  const server = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  server.unref();
  for (const pipe of [server.stdin, server.stdout]) (pipe as Socket).unref(); // neither keeps the test run from ending
  const gone = new Promise<never>((_, fail) => server.once("exit", (code) => fail(new Error(`server ended: ${code}`))));
  gone.catch(() => undefined); // after the first line nobody waits for it
  const line = new Promise<string>((done) => createInterface(server.stdout).once("line", done));
  return JSON.parse(await Promise.race([line, gone]));
}
