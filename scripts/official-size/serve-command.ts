import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("serve-small.ts", import.meta.url));

/** What `serve-small.ts` prints. */
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

/** For tests in a browser: a converted model on another origin. Its server ends with the test run, which holds its stdin. */
export async function serveSmallModel(): Promise<ServedSmallModel> {
  const args = ["--conditions=@albef/source", "--import", "tsx", SCRIPT];
  const server = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  server.unref();
  for (const pipe of [server.stdin, server.stdout]) (pipe as Socket).unref(); // neither keeps the test run from ending
  const gone = new Promise<never>((_, fail) => server.once("exit", (code) => fail(new Error(`server ended: ${code}`))));
  gone.catch(() => undefined); // after the first line nobody waits for it
  const line = new Promise<string>((done) => createInterface(server.stdout).once("line", done));
  return JSON.parse(await Promise.race([line, gone]));
}
