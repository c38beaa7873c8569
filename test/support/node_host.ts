/** A host of trainers in a thread of Node, as README writes it: with the WebGPU of the npm package "webgpu". */
import { create, globals } from "webgpu";
import { setGpu } from "../../src/worker/host.ts";

Object.assign(globalThis, globals);
setGpu(create([]));
