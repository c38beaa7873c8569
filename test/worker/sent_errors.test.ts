import { describe, expect, it } from "vitest";
import * as errors from "../../src/core/errors.ts";
import { deserializeError, serializeError } from "../../src/worker/sent_errors.ts";

/** Over the border as a worker's message goes. */
const sent = (error: unknown) => deserializeError(structuredClone(serializeError(error)));

/** Every class of the library, made with arguments that fit one constructor or another. */
const classes = Object.entries(errors).filter(([name]) => name !== "CortezaError");

describe("an error that a worker sends", () => {
  it.each(classes)("is a %s again, with the same message and all of its fields", (name, Class) => {
    const made: unknown = Reflect.construct(Class, ["no-adapter", "a message", { parameter: "conv2d/kernel" }]);
    expect(made).toBeInstanceOf(errors.CortezaError);
    const error = made as errors.CortezaError;
    const got = sent(error);
    expect(got).toBeInstanceOf(Class);
    expect(got).toBeInstanceOf(Error);
    expect(got.name).toBe(name);
    expect(got.message).toBe(error.message);
    expect({ ...got }).toEqual({ ...error });
    expect((got as errors.CortezaError).code).toBe(error.code);
    expect(got.stack).toBe(error.stack);
    expect(String(got)).toBe(String(error));
  });

  it("keeps the fields that say where: step, layer, bytes, reason", () => {
    const diverged = new errors.DivergedError("diverged", 12, { parameter: "dense/bias" });
    expect(sent(diverged)).toMatchObject({ step: 12, parameter: "dense/bias", code: "diverged" });
    expect(sent(new errors.OutOfMemoryError("too much", 4096))).toMatchObject({ bytes: 4096 });
    expect(sent(new errors.WebGpuUnavailableError("no-device", "none"))).toMatchObject({ reason: "no-device" });
    expect(sent(Object.assign(new errors.ShapeError("later"), { layer: "conv2d", shape: [1, 2] }))).toMatchObject({
      layer: "conv2d",
      shape: [1, 2],
    });
  });

  it("keeps its causes, errors as errors and everything else as text", () => {
    const cause = new errors.ShapeError("inner", { cause: "innermost" });
    const got = sent(new errors.DeviceLostError("outer", { cause }));
    expect(got.cause).toBeInstanceOf(errors.ShapeError);
    expect(got.cause).toMatchObject({ message: "inner", cause: "innermost" });
    const circle = new Error("round");
    circle.cause = circle;
    expect(sent(circle).message).toBe("round");
  });

  it("is of the language's class where it is one of the language's, and a DOMException where it is one", () => {
    for (const Class of [TypeError, RangeError, SyntaxError]) {
      const got = sent(new Class("wrong"));
      expect(got).toBeInstanceOf(Class);
      expect(String(got)).toBe(`${Class.name}: wrong`);
    }
    const aborted = sent(new DOMException("stopped", "AbortError"));
    expect(aborted).toBeInstanceOf(DOMException);
    expect(aborted.name).toBe("AbortError");
    const own = Object.assign(new Error("mine"), { name: "OwnError", callback: () => 1, detail: 7 });
    expect(sent(own)).toMatchObject({ name: "OwnError", message: "mine", detail: 7 });
    expect(sent("a text")).toMatchObject({ message: "a text" });
  });
});
