import { GalleryStoreError } from "../../errors.ts";
import type { GalleryStore, MetaFilter, PictureMeta } from "../store.ts";
import { expectTableName, vectorText, without } from "./vectors.ts";

type Value = string | number | null;

interface Statement {
  readonly sql: string;
  readonly args: Value[];
}

interface Result {
  readonly rows: readonly unknown[];
  readonly rowsAffected: number;
}

/** What is used of a libSQL client: that of `@libsql/client`, for files, for servers and in browsers. */
export interface LibsqlClient {
  execute(statement: Statement): Promise<Result>;
  /** Runs statements in one transaction. */
  batch(statements: Statement[], mode: "write"): Promise<readonly Result[]>;
}

export interface LibsqlStoreOptions {
  /** Lower case letters, digits and _. Default: albef_pictures. */
  readonly table?: string;
}

/**
 * Features in libSQL, the SQLite that has vectors: a file, or a server for many. Every search reads all rows and is exact.
 * The client stays its owner's.
 */
export function libsqlStore(client: LibsqlClient, { table = "albef_pictures" }: LibsqlStoreOptions = {}): GalleryStore {
  expectTableName(table);
  const run = (sql: string, ...args: Value[]) => client.execute({ sql, args });
  const dispose = () => undefined;
  return {
    async open({ fingerprint, width }) {
      await run(
        `CREATE TABLE IF NOT EXISTS ${table}_model (one INTEGER PRIMARY KEY CHECK (one = 1), fingerprint, width)`,
      );
      await run(`CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, feature F32_BLOB(${width}), meta TEXT)`);
      await run(`INSERT INTO ${table}_model VALUES (1, ?, ?) ON CONFLICT DO NOTHING`, fingerprint, width);
      const { rows } = await run(
        `SELECT fingerprint FROM ${table}_model WHERE fingerprint = ? AND width = ?`,
        fingerprint,
        width,
      );
      if (rows.length === 0) throw new GalleryStoreError(`table ${table}: holds features of another model`);
    },
    async put(pictures) {
      const sql = `INSERT INTO ${table} VALUES (?, vector32(?), ?)
        ON CONFLICT (id) DO UPDATE SET feature = excluded.feature, meta = excluded.meta`;
      const rows = pictures.map(({ id, feature, meta }) => [id, vectorText(feature), JSON.stringify(meta ?? {})]);
      await client.batch(
        rows.map((args) => ({ sql, args })),
        "write",
      );
    },
    async remove(ids) {
      const { rowsAffected } = await run(
        `DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(ids),
      );
      return rowsAffected;
    },
    async feature(id) {
      const { rows } = await run(`SELECT vector_extract(feature) AS feature FROM ${table} WHERE id = ?`, id);
      const [row] = rows as { readonly feature: string }[];
      return row && Float32Array.from(JSON.parse(row.feature));
    },
    async missing(ids) {
      const { rows } = await run(
        `SELECT id FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(ids),
      );
      return without(ids, rows as { readonly id: string }[]);
    },
    async nearest(feature, { k, where = {} }) {
      const { conditions, args } = filterSql(where);
      const { rows } = await run(
        `SELECT id, 1 - vector_distance_cos(feature, vector32(?)) AS score, meta FROM ${table}
         ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""} ORDER BY score DESC LIMIT ?`,
        vectorText(feature),
        ...args,
        k,
      );
      return (rows as { readonly id: string; readonly score: number; readonly meta: string }[]).map(hitOf);
    },
    async count() {
      const { rows } = await run(`SELECT count(*) AS count FROM ${table}`);
      return Number((rows[0] as { readonly count: number }).count);
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}

function hitOf({ id, score, meta: text }: { readonly id: string; readonly score: number; readonly meta: string }) {
  const meta = JSON.parse(text) as PictureMeta;
  return { id, score, ...(Object.keys(meta).length > 0 && { meta }) };
}

/** Compares JSON texts, so that "1", 1 and true are three values. */
function filterSql(where: MetaFilter): { readonly conditions: string[]; readonly args: string[] } {
  const entries = Object.entries(where);
  return {
    conditions: entries.map(() => "meta -> ? IN (SELECT json(value) FROM json_each(?))"),
    args: entries.flatMap(([name, wanted]) => [
      `$.${name}`,
      JSON.stringify([wanted].flat().map((value) => JSON.stringify(value))),
    ]),
  };
}
