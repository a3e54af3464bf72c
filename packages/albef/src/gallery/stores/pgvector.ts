import { GalleryStoreError } from "../../errors.ts";
import type { GalleryStore, StoreModel } from "../store.ts";
import { expectTableName, vectorText, without } from "./vectors.ts";

/** What is used of a PostgreSQL client: `Client` and `Pool` of `pg`, `PGlite` and others have it. */
export interface PgClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

export interface PgVectorStoreOptions {
  /** Lower case letters, digits and _. Default: albef_pictures. */
  readonly table?: string;
  /** Stored type. Default: halfvec, which is half as large and moves a cosine by less than 0.001. */
  readonly type?: "halfvec" | "vector";
  /**
   * Default: none, so that every search reads all rows and is exact. `hnsw` makes pgvector's approximate index; its
   * `hnsw.ef_search` and, for filtered searches, `hnsw.iterative_scan` are settings of the connection.
   */
  readonly index?: "none" | "hnsw";
}

interface Row {
  readonly id: string;
  readonly score: number | string;
  readonly meta: Readonly<Record<string, string | number | boolean>>;
}

/**
 * Features in PostgreSQL with the extension pgvector: a table (id, feature, meta jsonb) and beside it one row that names
 * the model. The client stays its owner's.
 */
export function pgVectorStore(client: PgClient, options: PgVectorStoreOptions = {}): GalleryStore {
  const { table = "albef_pictures", type = "halfvec", index = "none" } = options;
  expectTableName(table);
  const dispose = () => undefined;
  return {
    async open({ fingerprint, width }) {
      await makeTables(client, { table, type, index, width });
      const insert = `INSERT INTO ${table}_model (fingerprint, width) VALUES ($1, $2) ON CONFLICT DO NOTHING`;
      await client.query(insert, [fingerprint, width]);
      const { rows } = await client.query(`SELECT fingerprint, width FROM ${table}_model`);
      const [kept] = rows as StoreModel[];
      if (kept?.fingerprint === fingerprint && kept.width === width) return;
      throw new GalleryStoreError(`table ${table}: holds features of another model (${kept?.fingerprint})`);
    },
    async put(pictures) {
      await client.query(
        `INSERT INTO ${table} (id, feature, meta)
         SELECT * FROM unnest($1::text[], $2::text[]::${type}[], $3::jsonb[])
         ON CONFLICT (id) DO UPDATE SET feature = excluded.feature, meta = excluded.meta`,
        [
          pictures.map(({ id }) => id),
          pictures.map(({ feature }) => vectorText(feature)),
          pictures.map(({ meta }) => JSON.stringify(meta ?? {})),
        ],
      );
    },
    async remove(ids) {
      const { rows } = await client.query(`DELETE FROM ${table} WHERE id = ANY($1::text[]) RETURNING id`, [ids]);
      return rows.length;
    },
    async feature(id) {
      const { rows } = await client.query(`SELECT feature::text AS feature FROM ${table} WHERE id = $1`, [id]);
      const [row] = rows as { readonly feature: string }[];
      return row && Float32Array.from(JSON.parse(row.feature));
    },
    async missing(ids) {
      const { rows } = await client.query(`SELECT id FROM ${table} WHERE id = ANY($1::text[])`, [ids]);
      return without(ids, rows as { readonly id: string }[]);
    },
    async nearest(feature, { k, where = {} }) {
      const filters = Object.entries(where);
      const conditions = filters.map((_, i) => `meta -> $${2 * i + 3}::text = ANY($${2 * i + 4}::text[]::jsonb[])`);
      const { rows } = await client.query(
        `SELECT id, -(feature <#> $1::${type}) AS score, meta FROM ${table}
         ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}
         ORDER BY feature <#> $1::${type} LIMIT $2`,
        [
          vectorText(feature),
          k,
          ...filters.flatMap(([name, wanted]) => [name, [wanted].flat().map((value) => JSON.stringify(value))]),
        ],
      );
      return (rows as Row[]).map(({ id, score, meta }) => ({
        id,
        score: Number(score),
        ...(Object.keys(meta).length > 0 && { meta }),
      }));
    },
    async count() {
      const { rows } = await client.query(`SELECT count(*) AS count FROM ${table}`);
      return Number((rows[0] as { readonly count: string }).count);
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}

type Tables = Required<PgVectorStoreOptions> & { readonly width: number };

async function makeTables(client: PgClient, { table, type, index, width }: Tables): Promise<void> {
  await client.query("CREATE EXTENSION IF NOT EXISTS vector");
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${table}_model (one boolean PRIMARY KEY DEFAULT true CHECK (one), fingerprint text NOT NULL, width int NOT NULL)`,
  );
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${table} (id text PRIMARY KEY, feature ${type}(${width}) NOT NULL, meta jsonb NOT NULL)`,
  );
  if (index === "none") return;
  await client.query(`CREATE INDEX IF NOT EXISTS ${table}_hnsw ON ${table} USING hnsw (feature ${type}_ip_ops)`);
}
