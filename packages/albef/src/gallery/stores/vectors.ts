/** Seven decimals of each value: a unit vector loses less by that than by f32. */
export function vectorNumbers(vector: Float32Array): number[] {
  return Array.from(vector, (value) => Number(value.toFixed(7)));
}

/** A vector as pgvector and libSQL read it. */
export function vectorText(vector: Float32Array): string {
  return `[${vectorNumbers(vector).join(",")}]`;
}

/** Throws TypeError unless a name may stand in SQL as it is. */
export function expectTableName(table: string): void {
  if (/^[a-z_][a-z0-9_]{0,50}$/.test(table)) return;
  throw new TypeError(`table must have 1 to 51 lower case letters, digits and _, got ${JSON.stringify(table)}`);
}

/** The ids that no row has. */
export function without(ids: readonly string[], rows: readonly { readonly id: string }[]): string[] {
  const known = new Set(rows.map(({ id }) => id));
  return ids.filter((id) => !known.has(id));
}
