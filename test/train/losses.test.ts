import { cpu } from "../../src/cpu/backend.ts";
import { lossesSuite } from "../support/losses_suite.ts";

lossesSuite("the CPU backend", async () => cpu(), 1e-6);
