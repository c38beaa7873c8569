import type { Engine } from "./engine.ts";
import { start as startJax } from "./jax.ts";

export const start = (): Promise<Engine> => startJax("wasm");
