import { at } from "../core/at.ts";
import { DeviceLostError, DisposedError, ShapeError } from "../core/errors.ts";
import { formatCount, formatTable } from "../core/format.ts";
import { nextTurn } from "../core/next_turn.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { CompileOptions, Feeds, Program, ProgramStats } from "../graph/backend.ts";
import { checkFeeds } from "../graph/feeds.ts";
import type { Graph } from "../graph/graph.ts";
import type { Variable } from "../graph/node.ts";
import type { ProfileData } from "../graph/profile.ts";
import type { DeviceContext } from "./device_context.ts";
import { type Plan, storedBytes } from "./plan.ts";
import { type Recording, recordPlan } from "./recording.ts";
import { decode } from "./storage.ts";

/** A backend as its programs see it. */
export interface ProgramHost {
  /** What programs are recorded on. */
  readonly context: DeviceContext;
  /** Those that are not disposed of, which a fresh device records again. */
  readonly programs: Set<WebGpuProgram>;
  /** Throws when the device is gone or the backend was disposed of. */
  checkUsable(): void;
}

/** Makes the plan of a program for a device with these traits. */
export type Planner = (context: DeviceContext) => Promise<Plan>;

/** Records a plan, or what a planner makes for the host's device, as a program; throws before allocating what cannot fit. */
export async function buildProgram(host: ProgramHost, plan: Plan | Planner): Promise<WebGpuProgram> {
  const { context } = host;
  const planner = typeof plan === "function" ? plan : async () => plan;
  const recording = await recordOrTellLoss(host, planner);
  if (isReplaced(host, context)) {
    recording.dispose();
    throw lostMeanwhile(host);
  }
  return new WebGpuProgram(host, planner, recording);
}

const isReplaced = (host: ProgramHost, context: DeviceContext) => host.context !== context || context.isGone;

/** What the host says of its device, or that it was lost where another is in its place already. */
function lostMeanwhile(host: ProgramHost): DeviceLostError {
  host.checkUsable();
  return new DeviceLostError("The GPU device was lost while a program was compiled for it; compile it again.");
}

/** Kernels and buffers of a device that went away meanwhile are refused, which is no fault of theirs. */
async function recordOrTellLoss(host: ProgramHost, planner: Planner): Promise<Recording> {
  const { context } = host;
  try {
    return await recordPlan(context, await planner(context));
  } catch (error) {
    // The news of a loss may come behind what it caused.
    await nextTurn();
    throw isReplaced(host, context) ? lostMeanwhile(host) : error;
  }
}

/** What a program promises, whichever device it is recorded on. */
export class WebGpuProgram implements Program {
  readonly #host: ProgramHost;
  readonly #planner: Planner;
  /** What it was compiled from, for another backend. */
  source?: { readonly graph: Graph; readonly options: CompileOptions };
  #recording: Recording;
  #disposed = false;

  constructor(host: ProgramHost, planner: Planner, recording: Recording) {
    this.#host = host;
    this.#planner = planner;
    this.#recording = recording;
    host.programs.add(this);
  }

  get stats(): ProgramStats {
    return this.#recording.stats;
  }

  /** The same, whatever has become of the device. */
  get recorded(): Recording {
    return this.#recording;
  }

  /** The program as it lies on the device now. */
  get recording(): Recording {
    this.#checkUsable();
    return this.#recording;
  }

  /**
   * The same program on another device, with the same kernels where that has the same traits; what comes back puts it in the
   * place of what was there.
   */
  async recordAgain(context: DeviceContext): Promise<() => void> {
    const { plan, context: before } = this.#recording;
    const same = JSON.stringify(context.traits) === JSON.stringify(before.traits);
    const recording = await recordPlan(context, same ? plan : await this.#planner(context));
    return () => {
      if (this.#disposed) recording.dispose();
      else this.#recording = recording;
    };
  }

  async run(feeds: Feeds = {}, { read }: { read?: readonly string[] } = {}): Promise<Record<string, Tensor>> {
    const { recording } = this;
    this.feed(feeds);
    const outputs = [...recording.plan.outputs].filter(([name]) => read?.includes(name) ?? true);
    const bytes = await recording.submit({ steps: 1, read: outputs.map(([, { value }]) => value) });
    return Object.fromEntries(
      outputs.map(([name, { value, shape }], index) => [
        name,
        { shape: [...shape], data: decode(at(bytes, index), value.dtype, value.size) },
      ]),
    );
  }

  /** Writes the inputs of the next step. Throws `ArgumentError` for one too many or too few, `ShapeError` for a wrong length. */
  feed(feeds: Feeds): void {
    const { recording } = this;
    const { inputs } = recording.plan;
    checkFeeds(feeds, inputs);
    for (const [name, { value }] of inputs) recording.feed(value, feeds[name] ?? []);
  }

  async enqueue(options: { steps?: number; read?: readonly Variable[]; feeds?: Feeds } = {}): Promise<Tensor[]> {
    const { recording } = this;
    const { steps = 1, read = [], feeds } = options;
    if (feeds) this.feed(feeds);
    const bytes = await recording.submit({ steps, read });
    return read.map((variable, index) => ({
      shape: [...variable.shape],
      data: decode(at(bytes, index), variable.dtype, variable.size),
    }));
  }

  async read(variable: Variable): Promise<Tensor> {
    const [tensor] = await this.enqueue({ steps: 0, read: [variable] });
    return tensor as Tensor;
  }

  write(variable: Variable, data: ArrayLike<number>, offset?: number): void {
    const { context } = this.recording;
    if (offset === undefined && data.length !== variable.size) {
      throw new ShapeError(
        `write: variable "${variable.name}" ${formatShape(variable.shape)} was given ${data.length} values.`,
      );
    }
    context.variables.write(variable, data, offset);
  }

  settled(): Promise<void> {
    return this.#recording.settled();
  }

  async profile({ steps = 5 }: { steps?: number } = {}): Promise<ProfileData> {
    return this.recording.profile(steps);
  }

  #checkUsable(): void {
    this.#host.checkUsable();
    if (this.#disposed) throw new DisposedError("This program was disposed of; compile the graph again.");
  }

  toString(): string {
    const rows = this.#recording.plan.dispatches.map(({ spec, op, layer, values }) => [
      layer ?? "",
      op,
      spec.name,
      spec.variant ?? "",
      spec.workgroups.filter((count, axis) => axis === 0 || count > 1).join("×"),
      formatCount(spec.flops),
      formatCount(values.reduce((sum, value) => sum + value.size * storedBytes(value.dtype), 0)),
    ]);
    return formatTable([["layer", "op", "kernel", "tile", "workgroups", "FLOPs", "bytes"], ...rows]);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#host.programs.delete(this);
    this.#recording.dispose();
  }
}
