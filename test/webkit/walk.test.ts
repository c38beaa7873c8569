/** The demo in WebKitGTK, the engine of Safari, where it trains on the CPU: it has no WebGPU on Linux. */
import { describeWalk } from "../support/walk.ts";
import { launchWebKit } from "../support/webkit.ts";

describeWalk({ name: "WebKitGTK", launch: launchWebKit, backend: "cpu" });
