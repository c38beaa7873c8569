/** A device that has no memory for one of the buffers that it is asked for, as the specification says how it tells so. */

export interface ScarceMemory {
  /** Buffers that were asked for so far. */
  readonly asked: number;
  /** Buffers that were made and not destroyed. */
  readonly live: number;
  /** Bytes of these. */
  readonly liveBytes: number;
  /** Errors that nobody waited for. */
  readonly uncaptured: readonly string[];
  /** Refuses the buffer of this number, counted from 1 from now on; of one that no buffer is larger than: none. */
  refuse(number: number): void;
  /** Refuses every buffer of more bytes. */
  refuseLargerThan(bytes: number): void;
}

/** Replaces methods of a real device. */
export function scarceMemory(device: GPUDevice): ScarceMemory {
  const scopes: { readonly filter: GPUErrorFilter; refused?: string }[] = [];
  const live = new Map<GPUBuffer, number>();
  const uncaptured: string[] = [];
  let asked = 0;
  let refused = Number.POSITIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;

  const createBuffer = device.createBuffer.bind(device);
  const pushErrorScope = device.pushErrorScope.bind(device);
  const popErrorScope = device.popErrorScope.bind(device);
  const define = (name: keyof GPUDevice, value: unknown) =>
    Object.defineProperty(device, name, { value, configurable: true });

  /** A buffer that cannot be used, as the device gives one. */
  const invalid = (descriptor: GPUBufferDescriptor): GPUBuffer => {
    pushErrorScope("validation");
    const buffer = createBuffer({ ...descriptor, size: device.limits.maxBufferSize + 256 });
    void popErrorScope();
    Object.defineProperty(buffer, "size", { value: descriptor.size });
    const scope = scopes.findLast(({ filter }) => filter === "out-of-memory");
    const message = `no ${descriptor.size} bytes (made up by a test)`;
    if (scope) scope.refused ??= message;
    else uncaptured.push(message);
    return buffer;
  };
  define("createBuffer", (descriptor: GPUBufferDescriptor) => {
    asked++;
    const isRefused = asked === refused || descriptor.size > most;
    const buffer = isRefused ? invalid(descriptor) : createBuffer(descriptor);
    live.set(buffer, descriptor.size);
    const destroy = buffer.destroy.bind(buffer);
    Object.defineProperty(buffer, "destroy", {
      value: () => {
        live.delete(buffer);
        destroy();
      },
    });
    return buffer;
  });
  define("pushErrorScope", (filter: GPUErrorFilter) => {
    scopes.push({ filter });
    pushErrorScope(filter);
  });
  define("popErrorScope", async () => {
    const scope = scopes.pop();
    const error = await popErrorScope();
    return scope?.refused === undefined ? error : { message: scope.refused };
  });
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    uncaptured.push(event.error.message);
  });
  return {
    get asked() {
      return asked;
    },
    get live() {
      return live.size;
    },
    get liveBytes() {
      return [...live.values()].reduce((sum, size) => sum + size, 0);
    },
    uncaptured,
    refuse(number) {
      refused = asked + number;
    },
    refuseLargerThan(bytes) {
      most = bytes;
    },
  };
}
