import { bindings } from "../../bindings.ts";
import type { AdapterFacts, Kernel } from "../../op.ts";
import { foldGrid, stridesOf } from "../../shape.ts";
import { elementCount, type Shape, type TensorSpec } from "../../spec.ts";
import { f32Literal, wgsl } from "../../wgsl.ts";
import { stridedIndex } from "./elementwise.ts";

export interface ReduceAttrs {
  /** Reduced axes, not negative; they stay as extent 1. */
  readonly axes: readonly number[];
}

/** How a reduction walks its operand: the kept axes give the output element, the reduced axes its terms. */
export interface ReductionView {
  readonly kept: Shape;
  readonly keptStrides: readonly number[];
  readonly reduced: Shape;
  readonly reducedStrides: readonly number[];
}

export function reductionView(shape: Shape, axes: readonly number[]): ReductionView {
  const strides = stridesOf(shape);
  const pick = <T>(list: readonly T[], reduced: boolean) => list.filter((_, axis) => axes.includes(axis) === reduced);
  return {
    kept: pick(shape, false),
    keptStrides: pick(strides, false),
    reduced: pick(shape, true),
    reducedStrides: pick(strides, true),
  };
}

export interface Reduction {
  readonly initial: number;
  /** WGSL expression that joins `u` and `v`, two f32. */
  readonly join: string;
}

const THREADS = 64;

/** Reduces each output element by one workgroup (long reductions) or by one invocation (short ones). */
export function reduceKernel(
  x: TensorSpec,
  y: TensorSpec,
  axes: readonly number[],
  reduction: Reduction,
  adapter: AdapterFacts,
): Kernel {
  const view = reductionView(x.shape, axes);
  const terms = elementCount(view.reduced);
  const count = elementCount(view.kept);
  const wide = terms >= 4 * THREADS && (!adapter.isCpu || count < THREADS);
  const source = wgsl`
    ${bindings({ x }, { y })}
    const COUNT = ${count}u;
    const TERMS = ${terms}u;

    fn join(u: f32, v: f32) -> f32 { return ${reduction.join}; }
    fn kept(i: u32) -> u32 {
      ${stridedIndex("at", view.kept, view.keptStrides)}
      return at;
    }
    fn term(i: u32) -> u32 {
      ${stridedIndex("at", view.reduced, view.reducedStrides)}
      return at;
    }
    ${wide ? workgroupBody(y, reduction.initial) : invocationBody(y, reduction.initial)}`;
  return { source, workgroups: foldGrid(wide ? count : Math.ceil(count / THREADS), adapter) };
}

function invocationBody(y: TensorSpec, initial: number) {
  return wgsl`
    @compute @workgroup_size(${THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let i = (group.y * groups.x + group.x) * ${THREADS}u + local.x;
      if (i >= COUNT) { return; }
      let start = kept(i);
      var total = ${f32Literal(initial)};
      var block = total; // sums of 64 terms first: the rounding error grows with the root of the length
      for (var k = 0u; k < TERMS; k++) {
        block = join(block, f32(x[start + term(k)]));
        if (k % 64u == 63u) { total = join(total, block); block = ${f32Literal(initial)}; }
      }
      y[i] = ${y.dtype}(join(total, block));
    }`;
}

function workgroupBody(y: TensorSpec, initial: number) {
  return wgsl`
    var<workgroup> partial: array<f32, ${THREADS}>;

    @compute @workgroup_size(${THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let i = group.y * groups.x + group.x;
      let start = kept(min(i, COUNT - 1u));
      var total = ${f32Literal(initial)};
      for (var k = local.x; k < TERMS; k += ${THREADS}u) { total = join(total, f32(x[start + term(k)])); }
      partial[local.x] = total;
      workgroupBarrier();
      for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
        if (local.x < half) { partial[local.x] = join(partial[local.x], partial[local.x + half]); }
        workgroupBarrier();
      }
      if (local.x == 0u && i < COUNT) { y[i] = ${y.dtype}(partial[0]); }
    }`;
}
