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

const THREADS = 8;
const ROWS = 2; // more rows take several times as long to compile and run no faster
const QUADS = 1; // quadruples of other rows per step
const LANES = ["x", "y", "z", "w"] as const;

/** CPU adapters: an invocation holds several rows, so that a row of the other side is loaded once for all; no barriers. */
export const gradientRegisters: GradientVariant = {
  threads: THREADS,
  declarations: wgsl``,
  rows: THREADS * ROWS,
  body: (side) => wgsl`
    let pieces = PIECES * one;
    let first = (block * ${THREADS}u + thread) * ${ROWS}u;
    if (first >= ${side.ownRows}) { return; }
    ${lines(side.terms.map(({ name }) => `var ${name}Sum: array<vec4f, ${ROWS}u * PIECES>;`))}
    ${lines(range(ROWS).map((r) => ownRow(side, r)))}
    for (var other = 0u; other < ${side.otherRows}; other += ${4 * QUADS}u) {
      ${lines(range(4 * QUADS).map((j) => otherRow(side, j)))}
      ${lines(range(ROWS).flatMap((r) => range(QUADS).map((g) => `var s${r}_${g} = vec4f(); var t${r}_${g} = vec4f();`)))}
      for (var d = 0u; d < pieces; d++) {
        ${products(side)}
      }
      ${lines(range(QUADS).map((g) => otherFacts(side, g, `other + ${4 * g}u`)))}
      ${lines(range(ROWS).flatMap((r) => range(QUADS).map((g) => `let w${r}_${g} = ${weightsOf(side, r, g, `s${r}_${g}, t${r}_${g}`)};`)))}
      for (var d = 0u; d < pieces; d++) {
        ${lines(side.terms.map((term) => sums(side, term)))}
      }
    }
    ${lines(range(ROWS).map((r) => store(side, r)))}`,
};

function ownRow(side: GradientSide, r: number): Wgsl {
  const right = side.needsScores ? `let right${r} = ${side.ownRight}At(batch, own${r}, head);` : "";
  return wgsl`
    let own${r} = min(first + ${r}u, ${side.ownRows} - 1u);
    let left${r} = ${side.ownLeft}At(batch, own${r}, head);
    ${right}
    ${ownFacts(side, r)}`;
}

function otherRow(side: GradientSide, j: number): Wgsl {
  return wgsl`
    let row${j} = min(other + ${j}u, ${side.otherRows} - 1u);
    let otherLeft${j} = ${side.otherLeft}At(batch, row${j}, head);
    let otherRight${j} = ${side.otherRight}At(batch, row${j}, head);`;
}

function products(side: GradientSide): Wgsl {
  const rows = range(4 * QUADS);
  const dots = (g: number, own: string, other: string) =>
    `vec4f(${range(4)
      .map((i) => `dot(${own}, ${other}${4 * g + i})`)
      .join(", ")})`;
  const half = (sum: string, own: string, other: string) =>
    lines([
      ...rows.map(
        (j) =>
          `let ${other}${j} = ${other === "a" ? side.otherLeft : side.otherRight}Piece(other${other === "a" ? "Left" : "Right"}${j}, d);`,
      ),
      ...range(ROWS).flatMap((r) => [
        `let ${own}${r} = ${other === "a" ? side.ownLeft : side.ownRight}Piece(${other === "a" ? "left" : "right"}${r}, d);`,
        ...range(QUADS).map((g) => `${sum}${r}_${g} += ${dots(g, `${own}${r}`, other)};`),
      ]),
    ]);
  return wgsl`
    ${half("s", "p", "a")}
    ${side.needsScores ? half("t", "q", "b") : ""}`;
}

function sums(side: GradientSide, { name, rows, weight }: GradientTerm): Wgsl {
  const access = rows === "left" ? side.otherLeft : side.otherRight;
  const place = rows === "left" ? "otherLeft" : "otherRight";
  const term = (r: number, g: number, i: number) => `w${r}_${g}.${weight}.${LANES[i]} * ${name}${4 * g + i}`;
  return lines([
    ...range(4 * QUADS).map((j) => `let ${name}${j} = ${access}Piece(${place}${j}, d);`),
    ...range(ROWS).map(
      (r) =>
        `${name}Sum[${r}u * PIECES + d] += ${range(QUADS)
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
