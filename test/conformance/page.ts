/** The page that runs conformance suites in a browser: its address carries the request, and it posts what happens. */
import { cpu } from "../../src/cpu.ts";
import type { Backend } from "../../src/graph/backend.ts";
import { wasm, webgpu } from "../../src/index.ts";
import { type RunEvent, type RunRequest, runConformance } from "./run.ts";

/** Reports go one after the other, so that they arrive in order. */
let sent: Promise<unknown> = Promise.resolve();

function emit(event: RunEvent): void {
  sent = sent.then(() => fetch("/conformance-report", { method: "POST", body: JSON.stringify(event) }));
}

const request = JSON.parse(new URL(location.href).searchParams.get("request") ?? "{}") as RunRequest;
const OPEN: Readonly<Record<RunRequest["backend"], () => Promise<Backend>>> = {
  cpu: async () => cpu({ precision: "f64" }),
  wasm: () => wasm(),
  webgpu: () => webgpu({ quickStart: false }),
};

runConformance(request, OPEN[request.backend], emit).catch((error: unknown) =>
  emit({ type: "broken", message: error instanceof Error ? error.message : String(error) }),
);
