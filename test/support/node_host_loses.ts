/** A host of trainers in a thread of Node whose device is lost on request, by a message of the channel "lose the device". */
import { create, globals } from "webgpu";
import { setGpu } from "../../src/worker/host.ts";
import { calmDawn } from "./dawn_ticks.ts";

Object.assign(globalThis, globals);
calmDawn();
const gpu = create([]);
const requestAdapter = gpu.requestAdapter.bind(gpu);
gpu.requestAdapter = async (options) => {
  const adapter = await requestAdapter(options);
  const requestDevice = adapter?.requestDevice.bind(adapter);
  if (adapter === null || requestDevice === undefined) return null;
  adapter.requestDevice = async (descriptor) => {
    const device = await requestDevice(descriptor);
    const channel = new BroadcastChannel("lose the device");
    channel.onmessage = () => {
      device.destroy();
      channel.close();
    };
    return device;
  };
  return adapter;
};
setGpu(gpu);
