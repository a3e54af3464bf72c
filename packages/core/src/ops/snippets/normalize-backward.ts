import type { PrimitiveSet } from "../../graph/primitive-set.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { AdapterFacts, Kernel } from "../../op.ts";
import { lastDim, rowCount } from "../../shape.ts";
import type { DType } from "../../spec.ts";
import { f32Literal, type Wgsl, wgsl } from "../../wgsl.ts";
import { columnSumKernel } from "./columns.ts";
import { normalizeGradient, normalizeRows } from "./normalize.ts";
import { rowKernel } from "./rows.ts";

/** A matrix whose rows LayerNorm has normalised. */
export interface NormalizedMatrix {
  /** Bindings, and `fn load(row: u32, i: u32) -> f32`, an element before it was normalised; `WIDTH` is known to it. */
  readonly declarations: Wgsl;
  readonly rows: number;
  readonly width: number;
}

/** dx f32 of rows x, and `statistics` [rows, 2]: the mean less the row's first element, and 1 / deviation. */
export function rowGradients(
  p: PrimitiveSet,
  x: Tensor,
  { dy, weight, eps }: { readonly dy: Tensor; readonly weight: Tensor; readonly eps: number },
): readonly [dx: Tensor, statistics: Tensor] {
  const rows = normalizeRows(p, x, eps);
  const dx = normalizeGradient(p, p.mul(p.cast(dy, "f32"), p.cast(weight, "f32")), rows);
  const shift = p.mean(p.sub(x, firstOf(p, x)));
  return [dx, p.reshape(p.concat([shift, rows.rstd], x.shape.length - 1), [rowCount(x), 2])];
}

/** Σ dy h and Σ dy over the rows, f32 [width], h being the rows x normalised by their statistics. */
export function parameterGradients(
  p: PrimitiveSet,
  x: Tensor,
  { dy, statistics }: { readonly dy: Tensor; readonly statistics: Tensor },
): readonly [dWeight: Tensor, dBias: Tensor] {
  const rows = rowCount(x);
  const flat = (t: Tensor) => p.reshape(p.cast(t, "f32"), [rows, lastDim(x)]);
  const column = (i: number) => p.slice(statistics, [0, i], [rows, 1]);
  const centered = p.sub(p.sub(flat(x), firstOf(p, flat(x))), column(0));
  const h = p.mul(centered, column(1));
  return [p.sumTo(p.mul(flat(dy), h), [lastDim(x)]), p.sumTo(flat(dy), [lastDim(x)])];
}

function firstOf(p: PrimitiveSet, x: Tensor): Tensor {
  return p.slice(
    x,
    x.shape.map(() => 0),
    [...x.shape.slice(0, -1), 1],
  );
}

/** Kernel of `rowGradients`: reads `dy` and `weight`, writes `dx` and `statistics`. */
export function rowGradientKernel(
  matrix: NormalizedMatrix,
  { eps, dtype }: { readonly eps: number; readonly dtype: DType },
  adapter: AdapterFacts,
): Kernel {
  return rowKernel(
    { ...matrix, adapter },
    (walk) => wgsl`
      let start = row * WIDTH;
      let origin = load(row, 0u); // differences from it stay exact when the mean is far above the spread
      ${walk.sum("total", "load(row, i) - origin")}
      let shift = total / f32(WIDTH);
      ${walk.sum("squares", "(load(row, i) - origin - shift) * (load(row, i) - origin - shift)")}
      let rstd = inverseSqrt(squares / f32(WIDTH) + ${f32Literal(eps)});
      ${walk.sum("along", "f32(dy[start + i]) * f32(weight[i])")}
      ${walk.sum("slope", "f32(dy[start + i]) * f32(weight[i]) * (load(row, i) - origin - shift)")}
      let mean = along / f32(WIDTH);
      let tilt = slope / f32(WIDTH) * rstd * rstd;
      ${walk.each(`
        let g = f32(dy[start + i]) * f32(weight[i]);
        dx[start + i] = ${dtype}(rstd * (g - mean - (load(row, i) - origin - shift) * tilt));
        if (i == 0u) { statistics[2u * row] = shift; statistics[2u * row + 1u] = rstd; }`)}`,
  );
}

/** Kernel of `parameterGradients`: reads `dy` and `statistics`, writes `dWeight` and `dBias`. */
export function parameterGradientKernel(
  { declarations, rows, width }: NormalizedMatrix,
  { weight, bias }: { readonly weight: DType; readonly bias: DType },
  adapter: AdapterFacts,
): Kernel {
  const h = "(load(row, column) - load(row, 0u) - statistics[2u * row]) * statistics[2u * row + 1u]";
  const sums = {
    declarations: wgsl`
      ${declarations}
      const WIDTH = ${width}u;`,
    rows,
    width,
    terms: { dWeightSum: `f32(dy[row * WIDTH + column]) * ${h}`, dBiasSum: "f32(dy[row * WIDTH + column])" },
    store: `dWeight[column] = ${weight}(dWeightSum);\ndBias[column] = ${bias}(dBiasSum);`,
  };
  return columnSumKernel(sums, adapter);
}
