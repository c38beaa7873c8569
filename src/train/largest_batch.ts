/** Which batches find place on a device: looked for when one has found none. */
import { OutOfMemoryError } from "../core/errors.ts";
import type { Backend, Program } from "../graph/backend.ts";

/** Compiles a step on batches of this size. */
export type CompileStep = (backend: Backend, batch: number) => Promise<{ readonly program: Program }>;

/** A backend that only looks whether what it is to compile finds place, and gives programs that cannot run. */
function probeOf(backend: Backend): Backend {
  const compile: Backend["compile"] = async (graph, options) => {
    await backend.checkMemory?.(graph, options);
    return { dispose() {} } as Program;
  };
  return new Proxy(backend, {
    get(target, name) {
      if (name === "compile") return compile;
      // What fails here is told by the one that looks.
      if (name === "checkMemory") return undefined;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Whether the step finds place now. Throws what else goes wrong. */
export async function findsPlace(backend: Backend, batch: number, compile: CompileStep): Promise<boolean> {
  try {
    const { program } = await compile(probeOf(backend), batch);
    program.dispose();
    return true;
  } catch (error) {
    if (error instanceof OutOfMemoryError) return false;
    throw error;
  }
}

/** The error of a step on batches of `batch` images that found no place, with the largest batch that would. */
export async function withLargestBatch(
  error: OutOfMemoryError,
  backend: Backend,
  batch: number,
  compile: CompileStep,
): Promise<OutOfMemoryError> {
  let [most, tooMuch] = [0, batch];
  while (tooMuch - most > 1) {
    const middle = (most + tooMuch) >> 1;
    if (await findsPlace(backend, middle, compile)) most = middle;
    else tooMuch = middle;
  }
  const { message, bytes, bindable, tensor, cause } = error;
  const advice =
    most === 0
      ? "Not even a batch of 1 fits."
      : `batchSize ${most} fits; createTrainer({ microBatches: "auto" }) trains batches of ${batch} in parts that fit.`;
  return new OutOfMemoryError(`${message} ${advice}`, bytes, { bindable, tensor, largestBatch: most, cause });
}
