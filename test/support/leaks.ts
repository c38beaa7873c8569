/**
 * Whether everything that was made on a device is gone when it is given back. Any test can watch a device of its own; with the
 * environment variable CORTEZA_LEAKS all devices of the tests' GPU are watched (test/support/gpu.ts), and a file fails that leaves
 * something behind.
 */

export interface LeakWatch {
  /** What was made and not destroyed, by its labels. */
  left(): string[];
}

/** A few bytes a canvas, which the painter of maps holds as long as its device: it is not told when the canvas goes. */
const OF_CANVASES = ["corteza range", "corteza picture"];

/** Replaces methods of a real device; `ended` hears what is left when the library gives it back, not where a test takes it away. */
export function watchLeaks(device: GPUDevice, ended?: (left: string[]) => void): LeakWatch {
  const made = new Map<object, string>();
  const watch = (name: "createBuffer" | "createTexture" | "createQuerySet") => {
    const make = device[name].bind(device) as (
      descriptor: GPUObjectDescriptorBase,
    ) => GPUBuffer | GPUTexture | GPUQuerySet;
    const value = (descriptor: GPUObjectDescriptorBase) => {
      const object = make(descriptor);
      made.set(object, `${name} "${descriptor.label ?? ""}"`);
      const destroy = object.destroy.bind(object);
      Object.defineProperty(object, "destroy", {
        value: () => {
          made.delete(object);
          destroy();
        },
        configurable: true,
      });
      return object;
    };
    Object.defineProperty(device, name, { value, configurable: true });
  };
  watch("createBuffer");
  watch("createTexture");
  watch("createQuerySet");
  const left = () => [...made.values()].filter((label) => !OF_CANVASES.some((known) => label.includes(known)));
  if (ended) {
    const destroy = device.destroy.bind(device);
    let isDestroyed = false;
    const value = () => {
      if (!isDestroyed && new Error().stack?.includes("device_context")) ended(left());
      isDestroyed = true;
      destroy();
    };
    Object.defineProperty(device, "destroy", { value, configurable: true });
  }
  return { left };
}

/** Watches all devices that come from this GPU and are destroyed by whoever has them. */
export function watchAllLeaks(gpu: GPU, ended: (left: string[]) => void): GPU {
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  Object.defineProperty(gpu, "requestAdapter", {
    async value(options?: GPURequestAdapterOptions) {
      const adapter = await requestAdapter(options);
      if (adapter === null) return null;
      const requestDevice = adapter.requestDevice.bind(adapter);
      Object.defineProperty(adapter, "requestDevice", {
        async value(descriptor?: GPUDeviceDescriptor) {
          const device = await requestDevice(descriptor);
          watchLeaks(device, ended);
          return device;
        },
        configurable: true,
      });
      return adapter;
    },
    configurable: true,
  });
  return gpu;
}
