import { cpu } from "../../src/cpu/backend.ts";
import { severalRules, severalSuite } from "../support/several_suite.ts";

severalSuite("the CPU backend", async () => cpu(), 1e-6);
severalRules();
