import { describe } from "vitest";
import { cpu } from "../../src/cpu.ts";
import { profileTests } from "../support/profile_suite.ts";

describe("a profile on the CPU", () => profileTests(async () => cpu()));
