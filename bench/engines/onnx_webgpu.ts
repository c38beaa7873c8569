import mjs from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import * as runtime from "onnxruntime-web/webgpu";
import type { Engine } from "./engine.ts";
import { start as startRuntime } from "./onnx.ts";

runtime.env.wasm.wasmPaths = { mjs, wasm };

export const start = async (): Promise<Engine> => startRuntime(runtime, "webgpu");
