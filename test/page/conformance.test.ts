/** The command's way into a browser: the page runs what it is asked, and tells the outcome; nothing is left behind. */
import { expect, it } from "vitest";
import { runInBrowser } from "../../scripts/conformance_browser.ts";
import { readConformance } from "../../scripts/conformance-plugin.mjs";
import type { RunEvent, RunRequest } from "../conformance/run.ts";

const request: RunRequest = {
  ...{ backend: "cpu", sources: ["torch/activations"], every: 1, shapes: 0, seed: 1, concurrency: 4 },
};

async function eventsOf(asked: RunRequest): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  await runInBrowser("chromium", asked, (event) => events.push(event));
  return events.filter(({ type }) => type !== "progress");
}

it("a page in Chromium runs a conformance suite and reports each result, in order", async () => {
  const there = (await readConformance("torch/activations.json")) !== undefined;
  const [opened, result, ...rest] = await eventsOf(request);
  expect(opened).toEqual({ type: "opened", description: "CPU · f64" });
  expect(result).toMatchObject({
    type: "result",
    // A checkout without ../shared/conformance has no cases.
    result: there ? { passed: 14, inScope: 14, failures: [] } : { total: 0 },
  });
  expect(rest).toEqual([{ type: "done" }]);
});

it("a page that breaks ends the run with its error", async () => {
  // @ts-expect-error: a request that no page can serve.
  await expect(eventsOf({ ...request, sources: undefined })).rejects.toThrow(/^chromium: .*undefined/);
});
