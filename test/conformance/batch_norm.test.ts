import { cpu } from "../../src/cpu/backend.ts";
import { batchNormSuite } from "./batch_norm_suite.ts";

batchNormSuite("the CPU backend", async () => cpu(), 2 ** -53);
