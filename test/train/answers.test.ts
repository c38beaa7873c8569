import { cpu } from "../../src/cpu/backend.ts";
import { answersSuite } from "../support/answers_suite.ts";

answersSuite("the CPU backend", async () => cpu());
