import { describe } from "vitest";
import { cpu } from "../../src/cpu.ts";
import { residualTests } from "../support/residual_suite.ts";

describe("models with branches and batch normalisation on the CPU", () => residualTests(async () => cpu()));
