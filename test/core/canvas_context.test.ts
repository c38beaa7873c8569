/** Contexts of canvases that give theirs once, as Firefox's transferred ones do. */
import { describe, expect, it } from "vitest";
import { type AnyCanvas, contextOf } from "../../src/core/canvas_context.ts";

/** A canvas whose `getContext` answers once and throws from then on. */
function onceCanvas(given: Readonly<Record<string, object>>): AnyCanvas & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    getContext(kind: string) {
      if (asked.length > 0) throw new Error("Cannot update created context to different thread");
      asked.push(kind);
      return given[kind] ?? null;
    },
  } as unknown as AnyCanvas & { asked: string[] };
}

describe("the context of a canvas", () => {
  it.each(["2d", "webgpu"] as const)("of kind %s is asked for once and is the same from then on", (kind) => {
    const context = {};
    const canvas = onceCanvas({ [kind]: context });
    for (let call = 0; call < 3; call++) expect(contextOf(canvas, kind)).toBe(context);
    expect(canvas.asked).toEqual([kind]);
  });

  it("is null for the other kind, without asking again", () => {
    const canvas = onceCanvas({ "2d": {} });
    expect(contextOf(canvas, "2d")).not.toBeNull();
    expect(contextOf(canvas, "webgpu")).toBeNull();
    expect(canvas.asked).toEqual(["2d"]);
  });

  it("that a canvas refused may still be had of the other kind", () => {
    const context = {};
    const canvas = { getContext: (kind: string) => (kind === "2d" ? context : null) } as unknown as AnyCanvas;
    expect(contextOf(canvas, "webgpu")).toBeNull();
    expect(contextOf(canvas, "2d")).toBe(context);
  });
});
