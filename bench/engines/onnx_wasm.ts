import mjs from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import * as runtime from "onnxruntime-web/wasm";
import type { Engine } from "./engine.ts";
import { start as startRuntime } from "./onnx.ts";

runtime.env.wasm.wasmPaths = { mjs, wasm };
runtime.env.wasm.numThreads = navigator.hardwareConcurrency;

export const start = async (): Promise<Engine> => startRuntime(runtime, "wasm");
