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

const THREADS = 64; // 8 x 8, each 4 own rows x 4 other rows of scores
const TILE = 32; // rows of either side
const GROUPS = TILE / 4;
const DEPTH = 16; // elements of a head that pass through workgroup memory at once
const LANES = ["x", "y", "z", "w"] as const;

/**
 * GPUs: a workgroup makes 32 x 32 scores at a time, as a product of tiles; their weights go through workgroup memory to
 * the sums, 4 rows and every eighth piece of a head per invocation. 16 kB of workgroup memory: what every adapter has.
 */
export function gradientTiles(headDim: number): GradientVariant {
  const columns = Math.ceil(Math.ceil(headDim / 4) / 8); // pieces of a head that an invocation sums
  return {
    threads: THREADS,
    quad: false,
    rows: TILE,
    declarations: wgsl`
      var<workgroup> ownLeft: array<vec4f, ${DEPTH * GROUPS}>; // [depth, rows / 4]
      var<workgroup> ownRight: array<vec4f, ${DEPTH * GROUPS}>;
      var<workgroup> otherLeft: array<vec4f, ${DEPTH * GROUPS}>;
      var<workgroup> otherRight: array<vec4f, ${DEPTH * GROUPS}>;
      var<workgroup> probabilities: array<vec4f, ${TILE * GROUPS}>; // [other row, own rows / 4]
      var<workgroup> scores: array<vec4f, ${TILE * GROUPS}>;`,
    body: (side) => wgsl`
      let row = thread / 8u; // of 4 own rows
      let column = thread % 8u; // of 4 other rows
      let tile = block * ${TILE}u;
      let first = tile + row * 4u;
      ${lines(side.terms.flatMap(({ name }) => range(4 * columns).map((i) => `var ${name}${i} = vec4f();`)))}
      ${lines(range(4).map((r) => ownFacts(side, r)))}
      for (var other = 0u; other < ${side.otherRows} * one; other += ${TILE}u) {
        ${scoreTile(side)}
        ${weightTile(side)}
        workgroupBarrier();
        for (var j = 0u; j < ${TILE}u; j++) { // past the end the weights are 0
          let otherRow = min(other + j, ${side.otherRows} - 1u);
          ${lines(side.terms.map((term) => sums(side, term, columns)))}
        }
      }
      ${lines(range(4).map((r) => store(side, r, columns)))}`,
  };
}

/** Products of 4 x 4 rows: `s` of the left operands, `t` of the right ones. */
function scoreTile(side: GradientSide): Wgsl {
  const halves = side.needsScores ? ["Left", "Right"] : ["Left"];
  const load = (half: string) => wgsl`
    if (thread < 32u) { ${pieces(side, "own", half)} } else { ${pieces(side, "other", half)} }`;
  const multiply = (half: string, sum: string) => wgsl`
    let own${half}4 = own${half}[k * ${GROUPS}u + row];
    let other${half}4 = other${half}[k * ${GROUPS}u + column];
    ${lines(LANES.map((lane, r) => `${sum}${r} += own${half}4.${lane} * other${half}4;`))}`;
  return wgsl`
    ${lines(range(4).map((r) => `var s${r} = vec4f(); var t${r} = vec4f();`))}
    for (var begin = 0u; begin < PIECES * one; begin += ${DEPTH / 4}u) {
      ${lines(halves.map(load))}
      workgroupBarrier();
      for (var k = 0u; k < ${DEPTH}u; k++) {
        ${lines(halves.map((half) => multiply(half, half === "Left" ? "s" : "t")))}
      }
      workgroupBarrier();
    }`;
}

/** An invocation brings 4 rows x 4 depths, turned so that the rows lie side by side. */
function pieces(side: GradientSide, who: "own" | "other", half: string): Wgsl {
  const operand = side[`${who}${half}` as "ownLeft"];
  const rows = who === "own" ? side.ownRows : side.otherRows;
  const from = who === "own" ? "tile" : "other";
  const at = (i: number) => `${operand}At(batch, min(${from} + group * 4u + ${i}u, ${rows} - 1u), head)`;
  const piece = (i: number) => `${operand}Piece(${at(i)}, min(d, PIECES - 1u))`;
  return wgsl`
    let group = thread % 32u / 4u;
    let d = begin + thread % 4u;
    let lines = transpose(mat4x4f(${range(4).map(piece).join(", ")}));
    for (var k = 0u; k < 4u; k++) {
      ${who}${half}[(thread % 4u * 4u + k) * ${GROUPS}u + group] = select(vec4f(), lines[k], d < PIECES);
    }`;
}

function weightTile(side: GradientSide): Wgsl {
  const weights = new Set(side.terms.map(({ weight }) => weight));
  const turn = (weight: string) => wgsl`
    let ${weight}4 = transpose(mat4x4f(${range(4)
      .map((r) => `w${r}.${weight}`)
      .join(", ")}));
    for (var c = 0u; c < 4u; c++) { ${weight}[(column * 4u + c) * ${GROUPS}u + row] = ${weight}4[c]; }`;
  return wgsl`
    ${otherFacts(side, "", "other + column * 4u")}
    ${lines(range(4).map((r) => `let w${r} = ${weightsOf(side, r, "", `s${r}, t${r}`)};`))}
    ${lines([...weights].map(turn))}`;
}

function sums(side: GradientSide, { name, rows, weight }: GradientTerm, columns: number): Wgsl {
  const operand = rows === "left" ? side.otherLeft : side.otherRight;
  const column = (c: number) => wgsl`
    let ${name}Piece${c} = ${operand}Piece(${name}At, min(column + ${8 * c}u, PIECES - 1u));
    ${lines(LANES.map((lane, r) => `${name}${r * columns + c} += ${name}Weights.${lane} * ${name}Piece${c};`))}`;
  return wgsl`
    let ${name}At = ${operand}At(batch, otherRow, head);
    let ${name}Weights = ${weight}[j * ${GROUPS}u + row];
    ${lines(range(columns).map(column))}`;
}

function store(side: GradientSide, r: number, columns: number): Wgsl {
  const column = (c: number) =>
    lines(
      side.terms.map(
        ({ name }) => `${name}Store(batch, first + ${r}u, head, column + ${8 * c}u, ${name}${r * columns + c});`,
      ),
    );
  return wgsl`
    if (first + ${r}u < ${side.ownRows}) {
      ${lines(range(columns).map((c) => wgsl`if (column + ${8 * c}u < PIECES) { ${column(c)} }`))}
    }`;
}
