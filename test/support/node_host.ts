/** A host of trainers in a thread of Node, as README writes it: with the WebGPU of the npm package "webgpu". */
import { create, globals } from "webgpu";
import { setGpu } from "../../src/worker/host.ts";
import { calmDawn } from "./dawn_ticks.ts";
import { asDisguised } from "./gpu.ts";

Object.assign(globalThis, globals);
calmDawn();
setGpu(asDisguised(create([])));
