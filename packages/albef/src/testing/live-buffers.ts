/** Counts the buffers of a device that nobody has destroyed. */
export function liveBuffers(device: GPUDevice): Map<GPUBuffer, number> {
  const live = new Map<GPUBuffer, number>();
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      live.delete(buffer);
      return destroy();
    };
    live.set(buffer, descriptor.size);
    return buffer;
  };
  return live;
}
