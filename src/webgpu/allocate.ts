/** Buffers for which a device may have no memory: it gives one that cannot be used, and tells so later. */

const answers = new WeakMap<GPUBuffer, Promise<GPUError | null>>();

/** A buffer; `refusalOf` tells whether the device had the memory. */
export function allocate(device: GPUDevice, descriptor: GPUBufferDescriptor): GPUBuffer {
  device.pushErrorScope("out-of-memory");
  const buffer = device.createBuffer(descriptor);
  // That the device was lost meanwhile is told elsewhere.
  answers.set(
    buffer,
    device.popErrorScope().catch(() => null),
  );
  return buffer;
}

/** What the device says where it had no memory for this buffer; whoever shares a buffer of another program is to ask too. */
export async function refusalOf(buffer: GPUBuffer): Promise<GPUError | null> {
  return (await answers.get(buffer)) ?? null;
}
