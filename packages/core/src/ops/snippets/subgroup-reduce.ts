import { type Wgsl, wgsl } from "../../wgsl.ts";

/**
 * `workgroupSum(lanes, value)` and `workgroupMax(lanes, value)` over a workgroup by subgroups: two barriers instead of
 * one per halving. WGSL does not say which invocations share a subgroup, so partial results lie at the invocation that
 * made them, neutral elements at the others, and every subgroup reads all places.
 */
export function subgroupReductions(threads: number): Wgsl {
  return wgsl`
    struct Lanes { thread: u32, lane: u32, size: u32 }
    var<workgroup> partials: array<f32, ${threads}>;
    ${reduction("workgroupSum", { threads, reduce: "subgroupAdd", join: "total + partials[i]", neutral: "0.0" })}
    ${reduction("workgroupMax", { threads, reduce: "subgroupMax", join: "max(total, partials[i])", neutral: "-1e38f" })}`;
}

interface Reduction {
  readonly threads: number;
  readonly reduce: string;
  readonly join: string;
  readonly neutral: string;
}

function reduction(name: string, { threads, reduce, join, neutral }: Reduction): Wgsl {
  return wgsl`
    fn ${name}(lanes: Lanes, value: f32) -> f32 {
      let own = ${reduce}(value);
      partials[lanes.thread] = select(${neutral}, own, lanes.lane == 0u);
      workgroupBarrier();
      var total = ${neutral};
      for (var i = lanes.lane; i < ${threads}u; i += lanes.size) { total = ${join}; }
      let result = ${reduce}(total);
      workgroupBarrier(); // the next call must not overwrite what others still read
      return result;
    }`;
}
