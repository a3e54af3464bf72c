import { wgsl } from "../../wgsl.ts";

/** `workgroupSum(thread, value)`: the sum over a workgroup of `threads` (a power of two), the same in every invocation. */
export function workgroupSum(threads: number) {
  return wgsl`
    var<workgroup> partialSums: array<f32, ${threads}>;

    fn workgroupSum(thread: u32, value: f32) -> f32 {
      partialSums[thread] = value;
      workgroupBarrier();
      for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
        if (thread < half) { partialSums[thread] += partialSums[thread + half]; }
        workgroupBarrier();
      }
      let total = partialSums[0];
      workgroupBarrier(); // the next call must not overwrite what others still read
      return total;
    }`;
}
