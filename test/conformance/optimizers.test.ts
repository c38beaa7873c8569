import { cpu } from "../../src/cpu/backend.ts";
import { optimizerSuites } from "./optimizers_suite.ts";
import { testSuites } from "./test_suites.ts";

testSuites("the CPU backend", optimizerSuites, async () => cpu());
