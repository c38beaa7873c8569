import { describe } from "vitest";
import { openWasm } from "../../src/wasm/backend.ts";
import { backendContract } from "../support/contract/backend.ts";
import { trainerContract } from "../support/trainer_contract.ts";

describe("the WebAssembly backend", () => backendContract(openWasm, 64));

trainerContract({ where: "here", kind: "wasm" });
trainerContract({ where: "worker", kind: "wasm" });
