import { cpu } from "../../src/cpu.ts";
import { runsSuite } from "../support/runs_suite.ts";

runsSuite("the CPU backend", async () => cpu());
