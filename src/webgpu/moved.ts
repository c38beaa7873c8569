/** A backend whose device does not come back: another one does its work from now on, for all who have it. */
import { at } from "../core/at.ts";
import { InternalError } from "../core/errors.ts";
import type { Backend, Program, VariableSnapshot } from "../graph/backend.ts";
import type { WebGpuBackend } from "./backend.ts";
import type { WebGpuProgram } from "./program.ts";

const OF_BACKENDS = [
  ...["kind", "description", "bytes", "compile", "checkMemory", "drawing", "fetchEarly", "isReplaceable", "lost"],
  ...["snapshot", "stats"],
] as const satisfies readonly (keyof Backend)[];
const OF_PROGRAMS = [
  ...["run", "enqueue", "read", "write", "stats", "profile", "settled", "toString"],
] as const satisfies readonly (keyof Program)[];

/**
 * Compiles every program on `other`, sets the variables to the values of a snapshot and all others to their `initial`, and has
 * `other` answer in the place of the backend, which can then be used again. Throws what `other` throws: then nothing has changed.
 */
export async function moveTo(backend: WebGpuBackend, other: Backend, snapshot: VariableSnapshot): Promise<void> {
  // What was on the device alone is what storages begin with.
  for (const [variable, { version, data }] of snapshot) {
    if (variable.hasMoved && variable.version === version) variable.remember(data);
  }
  const programs = [...backend.programs];
  const compiled = await compiledOn(other, programs, snapshot);
  programs.forEach((program, index) => {
    const replacement = at(compiled, index);
    // Disposed of meanwhile.
    if (!backend.programs.has(program)) replacement.dispose();
    else standIn(program, replacement, OF_PROGRAMS);
  });
  standIn(backend, other, OF_BACKENDS);
  Object.defineProperty(backend, "reopen", {
    value: async (values?: VariableSnapshot) => {
      await other.reopen(values);
      backend.opened();
    },
  });
  backend.opened();
}

/** The programs on `other`, which goes where that fails. */
async function compiledOn(
  other: Backend,
  programs: readonly WebGpuProgram[],
  snapshot: VariableSnapshot,
): Promise<Program[]> {
  try {
    const compiled = await Promise.all(
      programs.map(({ source }) => {
        if (source) return other.compile(source.graph, source.options);
        throw new InternalError("a program that was made of a plan cannot go to another backend");
      }),
    );
    await other.reopen(snapshot);
    return compiled;
  } catch (error) {
    other.dispose();
    throw error;
  }
}

/** Has `other` answer where `target` is asked for one of these, and go when that goes. */
function standIn<T extends { dispose(): void }>(target: T, other: T, names: readonly (keyof T)[]): void {
  for (const name of names) {
    Object.defineProperty(target, name, {
      get() {
        const value = other[name];
        return typeof value === "function" ? value.bind(other) : value;
      },
    });
  }
  const dispose = target.dispose.bind(target);
  Object.defineProperty(target, "dispose", {
    value() {
      dispose();
      other.dispose();
    },
  });
}
