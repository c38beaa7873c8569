import { cpu } from "../../src/cpu/backend.ts";
import { suites } from "./suites.ts";
import { testSuites } from "./test_suites.ts";

testSuites("the CPU backend", suites, async () => cpu({ precision: "f64" }));
