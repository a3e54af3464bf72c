import { type Wgsl, wgsl } from "../../wgsl.ts";
import {
  type GradientSide,
  type GradientTerm,
  type GradientVariant,
  lines,
  otherFacts,
  ownFacts,
  range,
  weightsOf,
} from "./attention-gradient-sides.ts";
import { swapped } from "./quad.ts";

const LANES = ["x", "y", "z", "w"] as const;

/** How an invocation of a CPU adapter walks a side. */
interface Walk {
  readonly side: GradientSide;
  /** Own rows. */
  readonly rows: number;
  /** Quadruples of other rows per step. */
  readonly quads: number;
  /** The invocations of a quad load one row of each quadruple and swap; `thread` is the lane. */
  readonly shared: boolean;
}

/**
 * CPU adapters: an invocation holds several rows, so that a row of the other side is loaded once for all; no barriers.
 * In quads up to 5 rows meet up to 20; without, more rows take several times as long to compile and run no faster.
 */
export function gradientRegisters(shared: boolean, tokens: number): GradientVariant {
  const fitting = Math.ceil(tokens / Math.ceil(tokens / 20) / 4); // the fewest rows in as few tiles
  const [rows, quads] = shared ? [fitting, fitting] : [2, 1];
  const threads = shared ? 4 : 8;
  return {
    threads,
    quad: shared,
    declarations: wgsl``,
    rows: threads * rows,
    body: (side) => body({ side, rows, quads, shared }, threads),
  };
}

function body(walk: Walk, threads: number): Wgsl {
  const { side, quads, shared } = walk;
  const rows = range(walk.rows);
  const each = (text: (r: number, g: number) => string) =>
    lines(rows.flatMap((r) => range(quads).map((g) => text(r, g))));
  return wgsl`
    let pieces = PIECES * one;
    let first = (block * ${threads}u + thread) * ${rows.length}u;
    ${shared ? "" : `if (first >= ${side.ownRows}) { return; }`}
    ${lines(side.terms.map(({ name }) => `var ${name}Sum: array<vec4f, ${rows.length}u * PIECES>;`))}
    ${lines(rows.map((r) => ownRow(side, r)))}
    for (var other = 0u; other < ${side.otherRows}; other += ${4 * quads}u) {
      ${lines(range(shared ? quads : 4 * quads).map((j) => otherRow(side, j, shared)))}
      ${each((r, g) => `var s${r}_${g} = vec4f(); var t${r}_${g} = vec4f();`)}
      for (var d = 0u; d < pieces; d++) {
        ${products(walk)}
      }
      ${lines(range(quads).map((g) => otherFacts(side, g, `other + ${4 * g}u`, shared ? "thread" : undefined)))}
      ${each((r, g) => `let w${r}_${g} = ${weightsOf(side, r, g, `s${r}_${g}, t${r}_${g}`)};`)}
      for (var d = 0u; d < pieces; d++) {
        ${lines(side.terms.map((term) => sums(walk, term)))}
      }
    }
    ${lines(rows.map((r) => store(side, r)))}`;
}

function ownRow(side: GradientSide, r: number): Wgsl {
  const right = side.needsScores ? `let right${r} = ${side.ownRight}At(batch, own${r}, head);` : "";
  return wgsl`
    let own${r} = min(first + ${r}u, ${side.ownRows} - 1u);
    let left${r} = ${side.ownLeft}At(batch, own${r}, head);
    ${right}
    ${ownFacts(side, r)}`;
}

function otherRow(side: GradientSide, j: number, shared: boolean): Wgsl {
  return wgsl`
    let row${j} = min(other + ${shared ? `${4 * j}u + thread` : `${j}u`}, ${side.otherRows} - 1u);
    let otherLeft${j} = ${side.otherLeft}At(batch, row${j}, head);
    let otherRight${j} = ${side.otherRight}At(batch, row${j}, head);`;
}

/** Piece `d` of the other rows of a step, as `name`0, `name`1, ... */
function otherPieces({ side, quads, shared }: Walk, name: string, rows: "left" | "right"): string[] {
  const [access, place] = rows === "left" ? [side.otherLeft, "otherLeft"] : [side.otherRight, "otherRight"];
  if (!shared) return range(4 * quads).map((j) => `let ${name}${j} = ${access}Piece(${place}${j}, d);`);
  return range(quads).flatMap((g) => [
    `let own_${name}${g} = ${access}Piece(${place}${g}, d);`,
    ...range(4).map((i) => `let ${name}${4 * g + i} = ${swapped(`own_${name}${g}`, i)};`),
  ]);
}

function products(walk: Walk): Wgsl {
  const { side, quads } = walk;
  const dots = (g: number, own: string, other: string) =>
    `vec4f(${range(4)
      .map((i) => `dot(${own}, ${other}${4 * g + i})`)
      .join(", ")})`;
  const half = (sum: string, own: string, rows: "left" | "right") => {
    const access = rows === "left" ? side.ownLeft : side.ownRight;
    return [
      ...otherPieces(walk, `${sum}Other`, rows),
      ...range(walk.rows).flatMap((r) => [
        `let ${own}${r} = ${access}Piece(${rows}${r}, d);`,
        ...range(quads).map((g) => `${sum}${r}_${g} += ${dots(g, `${own}${r}`, `${sum}Other`)};`),
      ]),
    ];
  };
  return lines([...half("s", "p", "left"), ...(side.needsScores ? half("t", "q", "right") : [])]);
}

function sums(walk: Walk, { name, rows, weight }: GradientTerm): Wgsl {
  const term = (r: number, g: number, i: number) => `w${r}_${g}.${weight}.${LANES[i]} * ${name}${4 * g + i}`;
  return lines([
    ...otherPieces(walk, name, rows),
    ...range(walk.rows).map(
      (r) =>
        `${name}Sum[${r}u * PIECES + d] += ${range(walk.quads)
          .flatMap((g) => range(4).map((i) => term(r, g, i)))
          .join(" + ")};`,
    ),
  ]);
}

function store(side: GradientSide, r: number): Wgsl {
  return wgsl`
    if (first + ${r}u < ${side.ownRows}) {
      for (var d = 0u; d < pieces; d++) {
        ${lines(side.terms.map(({ name }) => `${name}Store(batch, first + ${r}u, head, d, ${name}Sum[${r}u * PIECES + d]);`))}
      }
    }`;
}
