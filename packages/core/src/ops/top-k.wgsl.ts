import { bindings } from "../bindings.ts";
import type { AdapterFacts, Kernel } from "../op.ts";
import { foldGrid } from "../shape.ts";
import type { TensorSpec } from "../spec.ts";
import { type Wgsl, wgsl } from "../wgsl.ts";

export interface TopKAttrs {
  readonly k: number;
  /** Rows are cut into so many runs of nearly equal length, each with its own k largest: the first step for long rows. */
  readonly segments: number;
  /** Smallest first, so that order by place is order by index among equals. */
  readonly ascending: boolean;
}

type Specs = Readonly<Record<"x" | "values" | "indices", TensorSpec>>;

const THREADS = 64;

/**
 * One workgroup per segment of a row. A radix select, 8 bits at a time over the value and then over the index, finds the
 * k-th largest pair; the k pairs from it up are collected and sorted in workgroup memory.
 */
export function topKKernel(specs: Specs, attrs: TopKAttrs, adapter: AdapterFacts): Kernel {
  const { x, values, indices } = specs;
  const { k, segments } = attrs;
  const [rows, n] = x.shape as readonly [number, number];
  const source = wgsl`
    ${bindings({ x }, { values, indices })}
    const N = ${n}u;
    const SEGMENTS = ${segments}u;
    const K = ${k}u;
    const SORTED = ${powerOfTwo(k)}u;
    const BASE = ${Math.floor(n / segments)}u; // shortest segment
    const LONGER = ${n % segments}u;

    var<workgroup> histogram: array<atomic<u32>, 256>;
    var<workgroup> found: array<vec2u, SORTED>; // (value key, index), unique
    var<workgroup> count: atomic<u32>;
    var<workgroup> chosen: vec3u; // digit, how many have it, how many of those are wanted

    // u32 keys in the order of the values: -0 equals 0, NaN is above all.
    fn keyAt(i: u32) -> u32 {
      let bits = bitcast<u32>(f32(x[i]));
      if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
      if (bits == 0x80000000u) { return 0x80000000u; }
      return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
    }
    fn before(a: vec2u, b: vec2u) -> bool { return a.x > b.x || (a.x == b.x && a.y > b.y); }
    ${CHOOSE_DIGIT}

    @compute @workgroup_size(${THREADS})
    fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_id) local: vec3u) {
      let index = group.y * groups.x + group.x;
      if (index >= ${rows * segments}u) { return; }
      let thread = local.x;
      let row = index / SEGMENTS * N;
      let segment = index % SEGMENTS;
      let begin = segment * BASE + min(segment, LONGER);
      let end = begin + BASE + select(0u, 1u, segment < LONGER);
      ${selectPair(n)}
      ${SORT}
      ${store(attrs)}
    }`;
  return { source, workgroups: foldGrid(rows * segments, adapter) };
}

function powerOfTwo(k: number): number {
  return 2 ** Math.ceil(Math.log2(k));
}

/** Clears the histogram, and finds the digit at which the wanted count is reached from above. */
const CHOOSE_DIGIT = wgsl`
  fn clearHistogram(thread: u32) {
    for (var i = thread; i < 256u; i += ${THREADS}u) { atomicStore(&histogram[i], 0u); }
    workgroupBarrier();
  }
  fn chooseDigit(thread: u32, wanted: u32) -> vec3u {
    workgroupBarrier();
    if (thread == 0u) {
      var rest = wanted;
      var digit = 255u;
      var has = atomicLoad(&histogram[digit]);
      while (has < rest && digit > 0u) {
        rest -= has;
        digit--;
        has = atomicLoad(&histogram[digit]);
      }
      chosen = vec3u(digit, has, rest);
    }
    return workgroupUniformLoad(&chosen);
  }`;

/** `threshold` and `lowest`: taken is what has a greater key, or this key and at least this index. */
function selectPair(n: number): Wgsl {
  return wgsl`
    var threshold = 0u;
    var wanted = K;
    var has = end - begin;
    for (var shift = 32u; shift > 0u && has > wanted; ) {
      shift -= 8u;
      clearHistogram(thread);
      for (var i = begin + thread; i < end; i += ${THREADS}u) {
        let key = keyAt(row + i);
        if ((key >> shift) >> 8u == (threshold >> shift) >> 8u) {
          atomicAdd(&histogram[(key >> shift) & 255u], 1u);
        }
      }
      let pick = chooseDigit(thread, wanted);
      threshold |= pick.x << shift;
      has = pick.y;
      wanted = pick.z;
    }
    var lowest = 0u;
    for (var shift = ${8 * Math.ceil(Math.log2(n + 1) / 8)}u; shift > 0u && has > wanted; ) { // too many equals
      shift -= 8u;
      clearHistogram(thread);
      for (var i = begin + thread; i < end; i += ${THREADS}u) {
        if (keyAt(row + i) == threshold && (i >> shift) >> 8u == (lowest >> shift) >> 8u) {
          atomicAdd(&histogram[(i >> shift) & 255u], 1u);
        }
      }
      let pick = chooseDigit(thread, wanted);
      lowest |= pick.x << shift;
      has = pick.y;
      wanted = pick.z;
    }`;
}

/** Collects the chosen pairs and sorts them, greatest first (bitonic). */
const SORT = wgsl`
  for (var i = begin + thread; i < end; i += ${THREADS}u) {
    let key = keyAt(row + i);
    if (key > threshold || (key == threshold && i >= lowest)) { found[atomicAdd(&count, 1u)] = vec2u(key, i); }
  }
  for (var i = K + thread; i < SORTED; i += ${THREADS}u) { found[i] = vec2u(); } // no value has key 0
  workgroupBarrier();
  for (var size = 2u; size <= SORTED; size *= 2u) {
    for (var stride = size / 2u; stride > 0u; stride /= 2u) {
      for (var i = thread; i < SORTED / 2u; i += ${THREADS}u) {
        let low = i / stride * stride * 2u + i % stride;
        let high = low + stride;
        let a = found[low];
        let b = found[high];
        if (before(b, a) == ((low & size) == 0u)) {
          found[low] = b;
          found[high] = a;
        }
      }
      workgroupBarrier();
    }
  }`;

function store({ ascending }: TopKAttrs): Wgsl {
  return wgsl`
    for (var i = thread; i < K; i += ${THREADS}u) {
      let at = found[${ascending ? "K - 1u - i" : "i"}].y;
      values[index * K + i] = x[row + at];
      indices[index * K + i] = i32(at);
    }`;
}
