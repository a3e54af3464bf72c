import { type Wgsl, wgsl } from "../../wgsl.ts";

/** An operand of attention that has a gradient. */
export type Attended = "query" | "key" | "value";

/**
 * One side of attention's gradients. Its rows (queries or keys) meet the rows of the other side in two products: `left`
 * (query with key) and `right` (dO with value).
 */
export interface GradientSide {
  readonly own: "query" | "key";
  readonly ownLeft: string;
  readonly ownRight: string;
  readonly otherLeft: string;
  readonly otherRight: string;
  /** WGSL constants: rows of this side and of the other. */
  readonly ownRows: string;
  readonly otherRows: string;
  readonly terms: readonly GradientTerm[];
  /** dS is needed: all but dV. */
  readonly needsScores: boolean;
}

/** A gradient of this side: rows of the other side, weighted by P (with dropout) or by dS, and summed. */
export interface GradientTerm {
  readonly name: Attended;
  readonly rows: "left" | "right";
  readonly weight: "probabilities" | "scores";
}

const TERMS: Readonly<Record<Attended, GradientTerm>> = {
  query: { name: "query", rows: "left", weight: "scores" },
  key: { name: "key", rows: "left", weight: "scores" },
  value: { name: "value", rows: "right", weight: "probabilities" },
};

const QUERIES = {
  own: "query",
  ownLeft: "query",
  ownRight: "dContext",
  otherLeft: "key",
  otherRight: "value",
  ownRows: "QUERIES",
  otherRows: "KEYS",
} as const;

const KEYS = {
  own: "key",
  ownLeft: "key",
  ownRight: "value",
  otherLeft: "query",
  otherRight: "dContext",
  ownRows: "KEYS",
  otherRows: "QUERIES",
} as const;

/** The sides that make these gradients. */
export function gradientSides(of: readonly Attended[]): GradientSide[] {
  const ofKeys = of.filter((name) => name !== "query");
  const sides: GradientSide[] = [];
  if (of.includes("query")) sides.push({ ...QUERIES, terms: [TERMS.query], needsScores: true });
  if (ofKeys.length > 0)
    sides.push({ ...KEYS, terms: ofKeys.map((name) => TERMS[name]), needsScores: ofKeys.includes("key") });
  return sides;
}

/** How a workgroup walks a side. */
export interface GradientVariant {
  readonly threads: number;
  /** The workgroup is a quad of subgroups of four, and `thread` the lane. */
  readonly quad: boolean;
  /** What both sides share. */
  readonly declarations: Wgsl;
  /** Rows that a workgroup holds. */
  readonly rows: number;
  /** Statements with `batch`, `head`, `batchHead`, `block`, `thread` in scope, and `one`: 1, which drivers do not know. */
  body(side: GradientSide): Wgsl;
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** One text after the other. */
export function lines(texts: readonly (string | Wgsl)[]): Wgsl {
  return wgsl`${texts.map((text) => wgsl`${text}`.text).join("\n")}`;
}

/** WGSL: weights of own row `row` with the four others `others`. */
export function weightsOf(side: GradientSide, row: number, others: string | number, products: string): string {
  const [own, other] = [`ids${row}, `, `others${others}, `];
  const facts = side.own === "query" ? `facts${row}, otherFacts${others}` : `otherFacts${others}, facts${row}`;
  return `weigh(batchHead, ${side.own === "query" ? own + other : other + own}${facts}, ${products})`;
}

/** WGSL: `ids` and `facts` of own row `row`, the same four times. */
export function ownFacts(side: GradientSide, row: number): string {
  return `let ids${row} = vec4u(first + ${row}u);\nlet facts${row} = ${side.own}Facts(batchHead, ids${row});`;
}

/** WGSL: `others` and `otherFacts` of the four rows from expression `from` on, in the order in which `lane` has them. */
export function otherFacts(side: GradientSide, name: string | number, from: string, lane?: string): string {
  const facts = side.own === "query" ? "keyFacts" : "queryFacts";
  const order = `vec4u(0u, 1u, 2u, 3u)${lane ? ` ^ vec4u(${lane})` : ""}`;
  return `let others${name} = vec4u(${from}) + (${order});\nlet otherFacts${name} = ${facts}(batchHead, others${name});`;
}
