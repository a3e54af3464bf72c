import type { DType } from "../../spec.ts";
import { f32Literal, type Wgsl, wgsl } from "../../wgsl.ts";
import type { ScoreAttrs } from "./attention-scores.ts";

/** Queries that one invocation carries through the keys. */
export interface QueryTile {
  readonly rows: number;
  readonly vector: 1 | 4;
  /** There is a padding mask. */
  readonly masked: boolean;
  readonly attrs: ScoreAttrs;
}

/** Where the four keys and values at key0..3, value0..3 are read. */
export interface TileSources {
  /** Expression of piece `d` of the query that begins at `at`. */
  query(at: string): string;
  readonly key: string;
  readonly value: string;
}

const KEYS = ["0", "1", "2", "3"];
const COMPONENTS = ["x", "y", "z", "w"];

function eachRow({ rows }: QueryTile, line: (row: number) => string): Wgsl {
  return wgsl`${Array.from({ length: rows }, (_, row) => line(row)).join("\n")}`;
}

/** Declares the running state of queries `first`, `first + 1`, ...: maximum, sum and unnormalised context. */
export function startQueries(tile: QueryTile): Wgsl {
  return wgsl`
    ${eachRow(tile, (row) =>
      [
        `let query${row} = queryAt(batch, min(first + ${row}u, QUERIES - 1u), head);`,
        `var top${row} = LOWEST;`,
        `var total${row} = 0.0;`,
        `var context${row}: array<Piece, PIECES>;`,
        ...(hasMask(tile) ? [`var seen${row} = 0.0; // the largest mask value`] : []),
      ].join("\n"),
    )}`;
}

/** One step of the online softmax: the four keys from `token` on, for all queries of the tile. */
export function attendKeys(tile: QueryTile, sources: TileSources): Wgsl {
  const dot = (row: number) =>
    `vec4f(${KEYS.map((j) => (tile.vector === 4 ? `dot(q${row}, k${j})` : `q${row} * k${j}`)).join(", ")})`;
  const weighted = (row: number) => KEYS.map((j, i) => `p${row}.${COMPONENTS[i]} * v${j}`).join(" + ");
  return wgsl`
    ${eachRow(tile, (row) => `var s${row} = vec4f();`)}
    for (var d = 0u; d < PIECES; d++) {
      ${KEYS.map((j) => `let k${j} = Piece(${sources.key}[key${j} + d]);`).join("\n")}
      ${eachRow(tile, (row) => `let q${row} = Piece(${sources.query(`query${row} + d`)});\ns${row} += ${dot(row)};`)}
    }
    let tokens = vec4u(token, token + 1u, token + 2u, token + 3u);
    ${padding(tile)}
    ${eachRow(tile, (row) => softmaxStep(tile, row))}
    for (var d = 0u; d < PIECES; d++) {
      ${KEYS.map((j) => `let v${j} = Piece(${sources.value}[value${j} + d]);`).join("\n")}
      ${eachRow(tile, (row) => `context${row}[d] = context${row}[d] * shrink${row} + (${weighted(row)});`)}
    }`;
}

function hasMask({ masked, attrs }: QueryTile): boolean {
  return masked || attrs.causal;
}

/** `padding`: the mask of the four keys; 0 past the end. */
function padding({ masked }: QueryTile): string {
  if (!masked) return "";
  const load = KEYS.map((j) => `mask[batch * KEYS + min(token + ${j}u, KEYS - 1u)]`);
  return `let padding = vec4f(${load.join(", ")});`;
}

function softmaxStep(tile: QueryTile, row: number): string {
  const { attrs, masked } = tile;
  const lines = [`s${row} *= SCALE;`];
  if (hasMask(tile)) {
    const order = `select(vec4f(), vec4f(1.0), tokens <= vec4u(first + ${row}u))`;
    const keep = attrs.causal ? `${order}${masked ? " * padding" : ""}` : "padding";
    lines.push(
      `let keep${row} = select(vec4f(), ${keep}, tokens < vec4u(KEYS));`,
      `seen${row} = max(seen${row}, max(max(keep${row}.x, keep${row}.y), max(keep${row}.z, keep${row}.w)));`,
      `s${row} += (vec4f(1.0) - keep${row}) * ${f32Literal(attrs.maskValue)};`,
    );
  }
  lines.push(
    `s${row} = select(vec4f(LOWEST), s${row}, tokens < vec4u(KEYS));`,
    `let next${row} = max(top${row}, max(max(s${row}.x, s${row}.y), max(s${row}.z, s${row}.w)));`,
    `let shrink${row} = exp(top${row} - next${row});`,
    `let p${row} = exp(s${row} - vec4f(next${row}));`,
    `total${row} = total${row} * shrink${row} + dot(p${row}, vec4f(1.0));`,
    `top${row} = next${row};`,
  );
  return lines.join("\n");
}

/** Normalises and stores the rows that exist. */
export function finishQueries(tile: QueryTile, dtype: DType): Wgsl {
  const type = tile.vector === 4 ? `vec4<${dtype}>` : dtype;
  const shift = hasMask(tile) ? ` - (1.0 - seenROW) * ${f32Literal(tile.attrs.maskValue)}` : "";
  return wgsl`
    ${eachRow(tile, (row) =>
      [
        `if (first + ${row}u < QUERIES) {`,
        `  let scale${row} = 1.0 / total${row};`,
        `  let start${row} = ((batch * QUERIES + first + ${row}u) * HEADS + head) * PIECES;`,
        `  for (var d = 0u; d < PIECES; d++) { context[start${row} + d] = ${type}(context${row}[d] * scale${row}); }`,
        `  logSumExp[(batch * HEADS + head) * QUERIES + first + ${row}u] = top${row}${shift.replace("ROW", String(row))} + log(total${row});`,
        "}",
      ].join("\n"),
    )}`;
}
