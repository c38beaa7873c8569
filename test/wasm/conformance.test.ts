import { openWasm } from "../../src/wasm/backend.ts";
import { suites } from "../conformance/suites.ts";
import { testSuites } from "../conformance/test_suites.ts";

testSuites("WebAssembly", suites, openWasm);
