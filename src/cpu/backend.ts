import type { Backend } from "../graph/backend.ts"; export function cpu(): Backend { throw new Error("stub"); }
