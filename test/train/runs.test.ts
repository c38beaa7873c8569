import { cpu } from "../../src/index.ts";
import { runsSuite } from "../support/runs_suite.ts";

runsSuite("the CPU backend", async () => cpu());
