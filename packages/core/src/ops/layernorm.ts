import { bindings } from "../bindings.ts";
import { apply } from "../graph/apply.ts";
import type { PrimitiveSet } from "../graph/primitive-set.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type AdapterFacts, defineFused, type Kernel } from "../op.ts";
import { expectFloat, expectShape, foldGrid, lastDim, rowCount } from "../shape.ts";
import type { TensorSpec } from "../spec.ts";
import { f32Literal, wgsl } from "../wgsl.ts";
import { workgroupSum } from "./snippets/workgroup-sum.ts";

export interface LayerNormAttrs {
  /** Inside the root. ALBEF: 1e-6 in the image encoder, 1e-12 in the text encoder. */
  readonly eps: number;
}

type Inputs = "x" | "weight" | "bias";

/** Layer normalization over the last axis of x + residual. Ba et al. 2016, arXiv 1607.06450. */
export const layerNormOp = defineFused<Inputs, "residual", LayerNormAttrs>({
  name: "layerNorm",
  inputs: ["x", "weight", "bias"],
  optional: ["residual"],

  infer({ x, weight, bias, residual }) {
    expectFloat("layerNorm", "x", x);
    expectShape("layerNorm", "weight", weight, [lastDim(x)]);
    expectShape("layerNorm", "bias", bias, [lastDim(x)]);
    if (residual) expectShape("layerNorm", "residual", residual, x.shape);
    return [x];
  },

  define(p, { x, weight, bias, residual }, { eps }) {
    const { h } = normalize(p, residual ? p.add(x, residual) : x, eps);
    return [p.add(p.mul(h, p.cast(weight, x.dtype)), p.cast(bias, x.dtype))];
  },

  // dx = rstd * (g - mean(g) - h * mean(g * h)), with g = dy * weight.
  vjp(p, { inputs: { x, weight, bias, residual }, grads }, { eps }) {
    const dy = grads[0]!;
    const { h, rstd } = normalize(p, residual ? p.add(x, residual) : x, eps);
    const g = p.mul(dy, weight);
    const projection = p.mul(h, p.mean(p.mul(g, h)));
    const dx = p.mul(rstd, p.sub(p.sub(g, p.mean(g)), projection));
    return {
      x: dx,
      residual: residual ? dx : null,
      weight: p.sumTo(p.mul(dy, h), weight.shape),
      bias: p.sumTo(dy, bias.shape),
    };
  },

  flops: ({ inputs }) => 8 * rowCount(inputs.x) * lastDim(inputs.x),
  lower({ inputs, outputs }, { eps }, adapter) {
    return adapter.isCpu
      ? rowPerInvocation(inputs, outputs[0]!, eps, adapter)
      : rowPerWorkgroup(inputs, outputs[0]!, eps, adapter);
  },
});

/** LayerNorm(x [+ residual]) * weight + bias over the last axis: x [..., width], weight and bias [width]. */
export function layerNorm(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  { eps, residual }: LayerNormAttrs & { readonly residual?: Tensor },
): Tensor {
  return apply(layerNormOp, { x, weight, bias, ...(residual && { residual }) }, { eps })[0]!;
}

/** h = (x - mean) * rstd: what the forward and the gradient share. */
function normalize(p: PrimitiveSet, x: Tensor, eps: number) {
  const centered = p.sub(x, p.mean(x));
  const rstd = p.rsqrt(p.add(p.mean(p.mul(centered, centered)), eps)); // biased variance, eps under the root
  return { h: p.mul(centered, rstd), rstd };
}

type Specs = { x: TensorSpec; weight: TensorSpec; bias: TensorSpec; residual?: TensorSpec };

function header({ x, weight, bias, residual }: Specs, y: TensorSpec) {
  return wgsl`
    ${bindings({ x, weight, bias, residual }, { y })}
    const ROWS = ${rowCount(x)}u;
    const WIDTH = ${lastDim(x)}u;

    fn load(i: u32) -> f32 { return f32(x[i])${residual ? " + f32(residual[i])" : ""}; }`;
}

/** GPUs: 128 invocations share a row. */
function rowPerWorkgroup(specs: Specs, y: TensorSpec, eps: number, adapter: AdapterFacts): Kernel {
  const threads = 128;
  const source = wgsl`
    ${header(specs, y)}
    ${workgroupSum(threads)}

    @compute @workgroup_size(${threads})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let row = group.y * groups.x + group.x; // one grid axis holds 65,535 workgroups
      if (row >= ROWS) { return; }
      let start = row * WIDTH;

      let pivot = load(start); // sums stay small where |mean| >> std
      var total = 0.0;
      for (var i = local.x; i < WIDTH; i += ${threads}u) { total += load(start + i) - pivot; }
      let mean = pivot + workgroupSum(local.x, total) / f32(WIDTH);

      var squares = 0.0; // not E[x²] - mean²: that cancels to NaN when |mean| >> std
      for (var i = local.x; i < WIDTH; i += ${threads}u) {
        let d = load(start + i) - mean;
        squares += d * d;
      }
      let rstd = inverseSqrt(workgroupSum(local.x, squares) / f32(WIDTH) + ${f32Literal(eps)});

      for (var i = local.x; i < WIDTH; i += ${threads}u) {
        y[start + i] = ${y.dtype}((load(start + i) - mean) * rstd * f32(weight[i]) + f32(bias[i]));
      }
    }`;
  return { source, workgroups: foldGrid(rowCount(specs.x), adapter) };
}

/** CPU adapters: one invocation walks a row, no barriers. */
function rowPerInvocation(specs: Specs, y: TensorSpec, eps: number, adapter: AdapterFacts): Kernel {
  const threads = 16;
  const source = wgsl`
    ${header(specs, y)}

    @compute @workgroup_size(${threads})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let row = (group.y * groups.x + group.x) * ${threads}u + local.x;
      if (row >= ROWS) { return; }
      let start = row * WIDTH;

      let pivot = load(start); // sums stay small where |mean| >> std
      var total = 0.0;
      for (var i = 0u; i < WIDTH; i++) { total += load(start + i) - pivot; }
      let mean = pivot + total / f32(WIDTH);

      var squares = 0.0; // two passes: E[x²] - mean² cancels
      for (var i = 0u; i < WIDTH; i++) {
        let d = load(start + i) - mean;
        squares += d * d;
      }
      let rstd = inverseSqrt(squares / f32(WIDTH) + ${f32Literal(eps)});

      for (var i = 0u; i < WIDTH; i++) {
        y[start + i] = ${y.dtype}((load(start + i) - mean) * rstd * f32(weight[i]) + f32(bias[i]));
      }
    }`;
  return { source, workgroups: foldGrid(Math.ceil(rowCount(specs.x) / threads), adapter) };
}
