import { cpu } from "../../src/cpu/backend.ts";
import { ownMetricsRules, ownMetricsSuite } from "../support/own_metrics_suite.ts";

ownMetricsSuite("the CPU backend", async () => cpu(), 1e-6);
ownMetricsRules();
