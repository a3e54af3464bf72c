/** What the GPU calls of any library come to, counted at WebGPU's own methods. */
export interface GpuCount {
  readonly dispatches: number;
  /** Most bytes in buffers at once, beyond those at the start. */
  readonly peakBytes: number;
}

/** Counts the dispatches and buffers of everything in this realm while `work` runs; nothing is patched before or after. */
export async function countGpu(work: () => Promise<void>): Promise<GpuCount> {
  if (typeof GPUDevice === "undefined") {
    await work();
    return { dispatches: 0, peakBytes: 0 };
  }
  let [dispatches, bytes, peak] = [0, 0, 0];
  const sizes = new WeakMap<GPUBuffer, number>();
  const device = GPUDevice.prototype;
  const buffer = GPUBuffer.prototype;
  const pass = GPUComputePassEncoder.prototype;
  const { createBuffer } = device;
  const { destroy } = buffer;
  const { dispatchWorkgroups } = pass;
  device.createBuffer = function (descriptor) {
    const made = createBuffer.call(this, descriptor);
    sizes.set(made, descriptor.size);
    bytes += descriptor.size;
    peak = Math.max(peak, bytes);
    return made;
  };
  buffer.destroy = function () {
    bytes -= sizes.get(this) ?? 0;
    sizes.delete(this);
    return destroy.call(this);
  };
  pass.dispatchWorkgroups = function (...counts) {
    dispatches++;
    return dispatchWorkgroups.apply(this, counts);
  };
  try {
    await work();
  } finally {
    device.createBuffer = createBuffer;
    buffer.destroy = destroy;
    pass.dispatchWorkgroups = dispatchWorkgroups;
  }
  return { dispatches, peakBytes: peak };
}
