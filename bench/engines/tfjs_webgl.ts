import "@tensorflow/tfjs-backend-webgl";
import type { Engine } from "./engine.ts";
import { start as startTf } from "./tfjs.ts";

export const start = (): Promise<Engine> => startTf("webgl");
