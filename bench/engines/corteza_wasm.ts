import { wasm } from "../../src/index.ts";
import { engineOn } from "./corteza.ts";
import type { Engine } from "./engine.ts";

/** On one thread. */
export const start = async (): Promise<Engine> => engineOn(await wasm({ threads: 1 }));
