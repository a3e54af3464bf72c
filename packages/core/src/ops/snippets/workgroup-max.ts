import { wgsl } from "../../wgsl.ts";

/** `workgroupMax(thread, value)`: the largest over a workgroup of `threads` (a power of two), the same in every invocation. */
export function workgroupMax(threads: number) {
  return wgsl`
    var<workgroup> partialMaxima: array<f32, ${threads}>;

    fn workgroupMax(thread: u32, value: f32) -> f32 {
      partialMaxima[thread] = value;
      workgroupBarrier();
      for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
        if (thread < half) { partialMaxima[thread] = max(partialMaxima[thread], partialMaxima[thread + half]); }
        workgroupBarrier();
      }
      let largest = partialMaxima[0];
      workgroupBarrier(); // the next call must not overwrite what others still read
      return largest;
    }`;
}
