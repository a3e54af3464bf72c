import type { MetaFilter, PictureMeta } from "./store.ts";

export const MAX_META_ENTRIES = 100;

export function isMeta(meta: unknown): meta is PictureMeta {
  const entries = isRecord(meta) ? Object.entries(meta) : undefined;
  return (
    entries !== undefined && entries.length <= MAX_META_ENTRIES && entries.every(([k, v]) => isName(k) && isValue(v))
  );
}

export function isFilter(where: unknown): where is MetaFilter {
  const sound = (value: unknown) => (Array.isArray(value) ? value.length > 0 && value.every(isValue) : isValue(value));
  return isRecord(where) && Object.entries(where).every(([name, value]) => isName(name) && sound(value));
}

/** Whether a picture has, for each name of the filter, the value or one of the values. */
export function fits(meta: PictureMeta | undefined, where: MetaFilter): boolean {
  return Object.entries(where).every(([name, wanted]) => {
    const value = meta && Object.hasOwn(meta, name) ? meta[name] : undefined;
    return value !== undefined && (Array.isArray(wanted) ? wanted.includes(value) : wanted === value);
  });
}

/** Text that every database can keep: no NUL, no half of a surrogate pair. */
export const isText = (text: string) => !/[\0\p{Surrogate}]/u.test(text);

/** Names go into JSON paths of databases. */
const isName = (name: string) => /^[A-Za-z_]\w{0,63}$/.test(name);

const isRecord = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isValue(value: unknown): boolean {
  if (typeof value === "string") return isText(value);
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}
