import type { DType } from "../../spec.ts";
import { f32Literal, type Wgsl, wgsl } from "../../wgsl.ts";
import type { ScoreAttrs } from "./attention-scores.ts";
import { swapped } from "./quad.ts";

/** Queries that one invocation carries through the keys. */
export interface QueryTile {
  readonly rows: number;
  /** Quadruples of keys per step. */
  readonly quads: number;
  /** 4: the invocations of a quad, `lane` 0 to 3, load one key of each quadruple and swap; each has them in its own order. */
  readonly share: 1 | 4;
  readonly vector: 1 | 4;
  /** There is a padding mask. */
  readonly masked: boolean;
  readonly attrs: ScoreAttrs & { readonly kept?: Wgsl };
}

/** Where keys and values are read; each function gives a WGSL expression. */
export interface TileSources {
  /** Index at which key (value) `j` of the step begins; of shared ones the own of quadruple `j`. */
  keyBegin(j: number): string;
  valueBegin(j: number): string;
  /** Piece `d` of the query of a row. */
  query(row: number): string;
  readonly key: string;
  readonly value: string;
}

function lines<T>(items: readonly T[], line: (item: T) => string | Wgsl): Wgsl {
  return wgsl`${items.map((item) => wgsl`${line(item)}`.text).join("\n")}`;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function hasMask({ masked, attrs }: QueryTile): boolean {
  return masked || attrs.causal;
}

/** Declares the running state of queries `first`, `first + 1`, ...: maximum, sum and unnormalised context. */
export function startQueries(tile: QueryTile): Wgsl {
  return wgsl`
    var context: array<Piece, ${tile.rows}u * PIECES>; // not normalised yet
    let scoreRow = (batch * HEADS + head) * QUERIES + first;
    ${lines(
      upTo(tile.rows),
      (r) => wgsl`
        let query${r} = queryAt(batch, min(first + ${r}u, QUERIES - 1u), head);
        var top${r} = LOWEST;
        var total${r} = 0.0;
        ${hasMask(tile) ? `var seen${r} = 0.0; // the largest mask value` : ""}`,
    )}`;
}

/** One step of the online softmax: the keys from `token` on, for all queries of the tile. */
export function attendKeys(tile: QueryTile, sources: TileSources): Wgsl {
  const rows = upTo(tile.rows);
  const quads = upTo(tile.quads);
  return wgsl`
    ${lines(upTo((4 * tile.quads) / tile.share), (j) => `let key${j} = ${sources.keyBegin(j)};\nlet value${j} = ${sources.valueBegin(j)};`)}
    ${lines(rows, (r) => quads.map((g) => `var s${r}_${g} = vec4f();`).join(" "))}
    for (var d = 0u; d < pieces; d++) {
      ${loads(tile, "k", (j) => `${sources.key}[key${j} + d]`)}
      ${lines(rows, (r) => [`let q${r} = ${sources.query(r)};`, ...quads.map((g) => products(tile, r, g))].join("\n"))}
    }
    ${lines(quads, (g) => masks(tile, g))}
    ${lines(rows, (r) => softmaxStep(tile, r))}
    for (var d = 0u; d < pieces; d++) {
      ${loads(tile, "v", (j) => `${sources.value}[value${j} + d]`)}
      ${lines(rows, (r) => weightedValues(tile, r))}
    }`;
}

/** Piece `d` of each key, or value, of a step. */
function loads({ quads, share }: QueryTile, name: string, element: (j: number) => string): Wgsl {
  if (share === 1) return lines(upTo(4 * quads), (j) => `let ${name}${j} = Piece(${element(j)});`);
  return lines(upTo(quads), (g) => {
    const others = COMPONENTS.map((_, i) => `let ${name}${4 * g + i} = ${swapped(`own_${name}${g}`, i)};`);
    return [`let own_${name}${g} = Piece(${element(g)});`, ...others].join("\n");
  });
}

const COMPONENTS = ["x", "y", "z", "w"] as const;

function products({ vector }: QueryTile, row: number, quad: number): string {
  const keys = COMPONENTS.map((_, i) => `k${4 * quad + i}`);
  if (vector === 1) return `s${row}_${quad} += q${row} * vec4f(${keys.join(", ")});`;
  return `s${row}_${quad} += vec4f(${keys.map((key) => `dot(q${row}, ${key})`).join(", ")});`;
}

function weightedValues({ quads, vector }: QueryTile, row: number): Wgsl {
  const place = `context[${row}u * PIECES + d]`;
  const four = (quad: number) => COMPONENTS.map((_, i) => `v${4 * quad + i}`);
  const sums = upTo(quads).map((quad) =>
    vector === 1
      ? `dot(s${row}_${quad}, vec4f(${four(quad).join(", ")}))`
      : four(quad)
          .map((v, i) => `s${row}_${quad}.${COMPONENTS[i]} * ${v}`)
          .join(" + "),
  );
  return wgsl`${place} = ${place} * shrink${row}${sums.map((sum) => `\n  + ${sum}`).join("")};`;
}

/** `inside` and, with a mask, `padding` of four keys. */
function masks({ masked, share }: QueryTile, quad: number): string {
  const order = share === 4 ? "(vec4u(0u, 1u, 2u, 3u) ^ vec4u(lane))" : "vec4u(0u, 1u, 2u, 3u)";
  const tokens = `let tokens${quad} = token + ${4 * quad}u + ${order};`;
  const inside = `${tokens}\nlet inside${quad} = tokens${quad} < vec4u(KEYS);`;
  if (!masked) return inside;
  const loads = COMPONENTS.map((lane) => `mask[batch * KEYS + min(tokens${quad}.${lane}, KEYS - 1u)]`);
  return `${inside}\nlet padding${quad} = vec4f(${loads.join(", ")});`;
}

/** Turns the scores s of a row into exp(s - maximum). */
function softmaxStep(tile: QueryTile, row: number): Wgsl {
  const quads = upTo(tile.quads);
  const largest = (names: string[]) => names.map((v) => `max(max(${v}.x, ${v}.y), max(${v}.z, ${v}.w))`);
  const greatest = (first: string, names: string[]) => largest(names).reduce((a, b) => `max(${a}, ${b})`, first);
  const total = quads.map((g) => `dot(s${row}_${g}, vec4f(1.0))`).join(" + ");
  return wgsl`
    ${lines(quads, (g) => maskedScores(tile, row, g))}
    ${
      hasMask(tile)
        ? `seen${row} = ${greatest(
            `seen${row}`,
            quads.map((g) => `keep${row}_${g}`),
          )};`
        : ""
    }
    let next${row} = ${greatest(
      `top${row}`,
      quads.map((g) => `s${row}_${g}`),
    )};
    let shrink${row} = exp(top${row} - next${row});
    ${lines(quads, (g) => `s${row}_${g} = exp(s${row}_${g} - vec4f(next${row}));`)}
    total${row} = total${row} * shrink${row} + ${total};
    top${row} = next${row};
    ${tile.attrs.kept ? lines(quads, (g) => `s${row}_${g} *= kept((scoreRow + ${row}u) * KEYS + tokens${g});`) : ""}`;
}

function maskedScores({ attrs, masked }: QueryTile, row: number, quad: number): Wgsl {
  const s = `s${row}_${quad}`;
  const last = `${s} = select(vec4f(LOWEST), ${s}`;
  if (!masked && !attrs.causal) return wgsl`${last} * SCALE, inside${quad});`;
  const padding = masked ? `padding${quad}` : "vec4f(1.0)";
  const order = attrs.causal ? ` & (tokens${quad} <= vec4u(first + ${row}u))` : "";
  const keep = `keep${row}_${quad}`;
  return wgsl`
    let ${keep} = select(vec4f(), ${padding}, inside${quad}${order});
    ${last} * SCALE + (vec4f(1.0) - ${keep}) * ${f32Literal(attrs.maskValue)}, inside${quad});`;
}

/** Normalises and stores the rows that exist. */
export function finishQueries(tile: QueryTile, dtype: DType): Wgsl {
  const type = tile.vector === 4 ? `vec4<${dtype}>` : dtype;
  const shift = (r: number) => (hasMask(tile) ? ` - (1.0 - seen${r}) * ${f32Literal(tile.attrs.maskValue)}` : "");
  return wgsl`
    ${lines(
      upTo(tile.rows),
      (r) => wgsl`
        if (first + ${r}u < QUERIES) {
          let scale = 1.0 / total${r};
          let start = ((batch * QUERIES + first + ${r}u) * HEADS + head) * PIECES;
          for (var d = 0u; d < pieces; d++) { y[start + d] = ${type}(context[${r}u * PIECES + d] * scale); }
          logSumExp[scoreRow + ${r}u] = top${r}${shift(r)} + log(total${r});
        }`,
    )}`;
}
