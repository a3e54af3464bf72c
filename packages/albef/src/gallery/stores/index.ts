export { type HttpStoreOptions, httpStore } from "./http.ts";
export { type StoreHandlerOptions, storeHandler } from "./http-handler.ts";
export { type LibsqlClient, type LibsqlStoreOptions, libsqlStore } from "./libsql.ts";
export { type PgClient, type PgVectorStoreOptions, pgVectorStore } from "./pgvector.ts";
