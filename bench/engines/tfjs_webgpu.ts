import "@tensorflow/tfjs-backend-webgpu";
import type { Engine } from "./engine.ts";
import { start as startTf } from "./tfjs.ts";

export const start = (): Promise<Engine> => startTf("webgpu");
