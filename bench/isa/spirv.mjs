/**
 * Makes SPIR-V of WGSL as Chromium does, by Dawn's compiler: for each FILE.wgsl a FILE.spvasm, the text that `spirv-as` takes.
 * In a process of its own, since Dawn prints what it dumps:
 *
 *     node bench/isa/spirv.mjs FILE.wgsl
 */
import { readFileSync } from "node:fs";
import { create, globals } from "webgpu";

Object.assign(globalThis, globals);
const gpu = create(["enable-dawn-features=dump_shaders"]);
const adapter = await gpu.requestAdapter();
if (adapter === null)
  throw new Error("no adapter: start this through bench/isa/run.ts, which finds Chromium's SwiftShader");
const requiredFeatures = ["subgroups", "shader-f16"].filter((name) => adapter.features.has(name));
const device = await adapter.requestDevice({ requiredFeatures });
// Dawn's objects must outlive their use.
Object.assign(globalThis, { kept: [gpu, adapter, device] });
device.addEventListener?.("uncapturederror", ({ error }) => {
  console.error(error.message);
  process.exitCode = 1;
});
const module = device.createShaderModule({ code: readFileSync(process.argv[2], "utf8") });
device.createComputePipeline({ layout: "auto", compute: { module } });
process.exit(process.exitCode ?? 0);
