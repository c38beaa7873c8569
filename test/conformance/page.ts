/** The page that runs conformance suites in a browser: its address carries the request, and it posts what happens. */
import { cpu } from "../../src/cpu.ts";
import { webgpu } from "../../src/index.ts";
import { type RunEvent, type RunRequest, runConformance } from "./run.ts";

/** Reports go one after the other, so that they arrive in order. */
let sent: Promise<unknown> = Promise.resolve();

function emit(event: RunEvent): void {
  sent = sent.then(() => fetch("/conformance-report", { method: "POST", body: JSON.stringify(event) }));
}

const request = JSON.parse(new URL(location.href).searchParams.get("request") ?? "{}") as RunRequest;
runConformance(
  request,
  async () => (request.backend === "cpu" ? cpu({ precision: "f64" }) : webgpu({ quickStart: false })),
  emit,
).catch((error: unknown) => emit({ type: "broken", message: error instanceof Error ? error.message : String(error) }));
