import { cpu } from "../../src/cpu.ts";
import { divergenceSuite } from "../support/divergence_suite.ts";

divergenceSuite("the CPU backend", async () => cpu());
