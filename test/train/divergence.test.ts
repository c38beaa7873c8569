import { cpu } from "../../src/index.ts";
import { divergenceSuite } from "../support/divergence_suite.ts";

divergenceSuite("the CPU backend", async () => cpu());
