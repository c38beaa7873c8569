import { cpu } from "../../src/index.ts";
import { kerasJsSuite } from "./keras_js_suite.ts";
import { testSuites } from "./test_suites.ts";

testSuites("the CPU backend", [kerasJsSuite], async () => cpu());
