import { createServer, type Socket } from "node:net";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";

const SSL_REQUEST = 80877103;
/** Messages after which a PostgreSQL server answers: password, query, sync, terminate. */
const ANSWERED = new Set(["p", "Q", "S", "X"]);

/** A real PostgreSQL (PGlite) behind a TCP socket that speaks its wire protocol, for one client at a time. */
export async function servePostgres() {
  const db = await PGlite.create({ extensions: { vector } });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("close", () => sockets.delete(socket)));
    const messages = wireMessages();
    let work = Promise.resolve();
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes: Buffer) => {
      for (const batch of messages.take(bytes)) {
        work = work.then(async () => {
          socket.write(isSslRequest(batch) ? "N" : await db.execProtocolRaw(batch));
        });
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  return {
    db,
    connection: { host: "127.0.0.1", port, user: "postgres", database: "postgres", password: "unused" },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
      await db.close();
    },
  };
}

const isSslRequest = (message: Buffer) => message.length === 8 && message.readUInt32BE(4) === SSL_REQUEST;

/** Cuts a stream into runs of whole messages, each ending with one that is answered. The first message has no type byte. */
function wireMessages() {
  let rest = Buffer.alloc(0);
  let started = false;
  const nextEnd = (begin: number): number | undefined => {
    const header = started ? 1 : 0;
    if (rest.length < begin + header + 4) return undefined;
    const end = begin + header + rest.readUInt32BE(begin + header);
    return end <= rest.length ? end : undefined;
  };
  return {
    *take(bytes: Buffer): Iterable<Buffer> {
      rest = Buffer.concat([rest, bytes]);
      let begin = 0;
      for (let end = nextEnd(0); end !== undefined; end = nextEnd(begin)) {
        const type = started ? String.fromCharCode(rest[begin]!) : undefined;
        begin = end;
        if (type && !ANSWERED.has(type)) continue;
        const batch = rest.subarray(0, begin);
        started ||= !isSslRequest(batch);
        rest = rest.subarray(begin);
        begin = 0;
        yield batch;
      }
    },
  };
}
