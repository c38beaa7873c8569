/** The demo's walk in an installed Firefox, on WebGPU where it has a driver: `npm test -- --project "firefox*"`. */
import { launchFirefox } from "../support/firefox.ts";
import { describeWalk } from "../support/walk.ts";

describeWalk({ name: "Firefox", launch: launchFirefox, backend: "webgpu", query: "?force=webgpu" });
