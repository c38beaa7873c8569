import { cpu } from "../../src/cpu/backend.ts";
import { torchSuite } from "./torch_suite.ts";

torchSuite("the CPU backend", async () => cpu(), 2 ** -53, 1e-5);
