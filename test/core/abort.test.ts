import { afterEach, describe, expect, it, vi } from "vitest";
import { Work } from "../../demo/work.ts";
import { abortWith } from "../../src/core/abort.ts";
import { fetchIdx } from "../../src/index.ts";

afterEach(() => vi.unstubAllGlobals());

/** As in Safari before 17.4, where it has no `any`. */
const withoutAny = () => vi.stubGlobal("AbortSignal", {});

describe("one signal that aborts another controller", () => {
  it("gives it its reason, at once where it has aborted already", () => {
    const first = new AbortController();
    const second = new AbortController();
    abortWith(second, first.signal);
    first.abort("enough");
    expect(second.signal.reason).toBe("enough");
    const late = new AbortController();
    abortWith(late, first.signal);
    expect(late.signal.reason).toBe("enough");
  });

  it("is let go of: it then aborts nothing", () => {
    const first = new AbortController();
    const second = new AbortController();
    abortWith(second, first.signal)();
    first.abort();
    expect(second.signal.aborted).toBe(false);
  });
});

describe("in a browser without AbortSignal.any", () => {
  it("work that gives way ends when the next is begun, and when all is stopped", async () => {
    withoutAny();
    const failures: unknown[] = [];
    const work = new Work({ onFailure: (error) => failures.push(error), onEnd: () => undefined });
    const ended: string[] = [];
    const untilAborted = (name: string) => (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => {
          ended.push(name);
          resolve();
        });
      });
    work.begin(untilAborted("first"), { givesWay: true });
    await Promise.resolve();
    work.begin(untilAborted("second"), { givesWay: true });
    await vi.waitFor(() => expect(ended).toEqual(["first"]), { timeout: 20_000 });
    // Its turn has come once the first has ended.
    await new Promise((resolve) => setTimeout(resolve));
    await work.stop(() => undefined);
    expect(ended).toEqual(["first", "second"]);
    expect(failures).toEqual([]);
  });

  it("a download with a signal loads, and ends with the signal's reason", async () => {
    withoutAny();
    const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 200);
    const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7);
    vi.stubGlobal("fetch", async (url: string) => new Response(url === "images" ? images : labels));
    const loaded = await fetchIdx({ images: "images", labels: "labels" }, { signal: new AbortController().signal });
    expect([...loaded.labels]).toEqual([7]);

    const stopped = new AbortController();
    vi.stubGlobal(
      "fetch",
      (_: string, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const download = fetchIdx({ images: "images", labels: "labels" }, { signal: stopped.signal });
    const refused = expect(download).rejects.toThrow("not any more");
    await Promise.resolve();
    stopped.abort(new Error("not any more"));
    await refused;
  });
});
