import type { MapsCanvas, MapsPictureOptions } from "../core/maps_picture.ts";
import type { Tensor, TypedArray } from "../core/tensor.ts";
import type { Graph } from "./graph.ts";
import type { Node, Variable } from "./node.ts";
import type { ProfileData } from "./profile.ts";

/** Values for the inputs of a graph, by input name. */
export type Feeds = Readonly<Record<string, TypedArray | readonly number[]>>;

/** What a compiled program costs; every figure is known before the first step runs. */
export interface ProgramStats {
  /** Kernel launches of one step. */
  readonly dispatches: number;
  /** Distinct compiled kernels. */
  readonly pipelines: number;
  /** Bytes of memory that only this program uses: activations, gradients, staging. */
  readonly scratchBytes: number;
  /** Bytes of the variables that this program touches; other programs may share them. */
  readonly variableBytes: number;
  /** Floating-point operations of one step. */
  readonly flops: number;
}

export interface CompileOptions {
  outputs: Readonly<Record<string, Node>>;
  /**
   * Layers whose activations and activations' gradients may be kept as 16-bit floats between kernels; every sum stays in
   * f32. A backend that computes in another precision anyway, as the CPU's, does not mind them. Default: none.
   */
  halfLayers?: ReadonlySet<string>;
}

/** An output of a program as a picture of maps. */
export interface OutputDrawing {
  /** Name of an f32 output of the graph. */
  readonly output: string;
  /** Its shape as the picture has it, without a batch axis. */
  readonly shape: readonly number[];
  readonly canvas: MapsCanvas;
  readonly picture: MapsPictureOptions;
}

/** How a backend draws outputs where they lie, so that no value comes to the page. */
export interface DirectDrawing {
  /** Whether that gains anything: a software adapter's memory is the page's anyway. */
  readonly isQuicker: boolean;
  /**
   * Writes the feeds, runs one step of the program, and draws. Gives the values of the outputs whose canvas has another
   * context already; whoever calls paints them.
   */
  draw(
    program: Program,
    feeds: Feeds,
    drawings: readonly OutputDrawing[],
  ): Promise<readonly (TypedArray | undefined)[]>;
}

/** Values of variables with the `version` that they are of, kept for a fresh device. */
export type VariableSnapshot = ReadonlyMap<Variable, { readonly version: number; readonly data: TypedArray }>;

/** A graph made ready to run many times on one backend. */
export interface Program {
  /** Writes the feeds, runs one step and reads the outputs back, or only those that `read` names. */
  run(feeds?: Feeds, options?: { read?: readonly string[] }): Promise<Record<string, Tensor>>;
  /**
   * Runs `steps` steps (default 1) in one submission, after writing `feeds` where they are given, and resolves when they
   * are done, with the values of `read` as they are after the last of them. Calls may overlap: the next can be enqueued
   * before this one is done.
   */
  enqueue(options?: { steps?: number; read?: readonly Variable[]; feeds?: Feeds }): Promise<Tensor[]>;
  /** Value of a variable after everything enqueued so far. */
  read(variable: Variable): Promise<Tensor>;
  /**
   * Sets a variable before anything enqueued later; with `offset` the elements from that number on, where the program uses it:
   * bytes by fours, and of what is written anew all the time, which a `snapshot` leaves out.
   */
  write(variable: Variable, data: ArrayLike<number>, offset?: number): void;
  /** What a step costs, known before the first one runs. */
  readonly stats: ProgramStats;
  /** Runs `steps` steps (default 5) with every kernel timed by itself; variables move as in any step. */
  profile(options?: { steps?: number }): Promise<ProfileData>;
  /**
   * Resolves when the program runs on the kernels that it will keep. On software GPUs it may begin on others, which
   * compile quickly and compute the same bits (`quickStart` of `webgpu`); elsewhere this resolves at once.
   */
  settled(): Promise<void>;
  /** A table of the recorded kernels: layer, op, kernel, tile, FLOPs, bytes. */
  toString(): string;
  /** Frees what only this program uses; shared variables stay while another program needs them. */
  dispose(): void;
}

/**
 * What a backend holds now. All but `pipelines` is 0 the turn after its programs, and the trainers, classifiers and predictors on it, have
 * been disposed of.
 */
export interface BackendStats {
  /** Compiled graphs. */
  readonly programs: number;
  /** Pieces of memory: of variables, of programs, and those through which values are read back. */
  readonly buffers: number;
  /** Of these, those through which values are read back. */
  readonly stagingBuffers: number;
  /** Of all of these; `backend.bytes`. */
  readonly bytes: number;
  /** Kernels that were compiled and are kept for the next program; 0 when the backend has been disposed of. On WebGPU alone. */
  readonly pipelines: number;
  /** On WebGPU alone: one for each kernel launch of a program. */
  readonly bindGroups: number;
}

/** Something that runs graphs. */
export interface Backend {
  /** Which of the three it is. */
  readonly kind: "cpu" | "wasm" | "webgpu";
  /** For people: "CPU · f32", "WebAssembly · SIMD", "WebGPU · SwiftShader". */
  readonly description: string;
  /** Why `bestBackend` took this one and none of those that are faster elsewhere, in words for people; undefined where it took the first. */
  why?: string;
  /**
   * Plans the graph's outputs and every effect (`assign`, updates) registered on it.
   * Throws `OutOfMemoryError` before allocating when the plan does not fit the device.
   */
  compile(graph: Graph, options: CompileOptions): Promise<Program>;
  /**
   * Takes the memory that `compile` of the same would need beside what is held, and gives it back; compiles no kernel. Throws
   * `OutOfMemoryError`. Left out where nobody can tell.
   */
  checkMemory?(graph: Graph, options: CompileOptions): Promise<void>;
  /** Begins to fetch what programs with these ops will want, where a backend fetches what it needs on demand. */
  fetchEarly?(ops: readonly string[]): void;
  /** Bytes of device memory held now by programs and variables. */
  readonly bytes: number;
  /** Counts of what it holds now. */
  stats(): BackendStats;
  /** Resolves with the error when the device is lost; never otherwise. After `reopen` another promise, of the fresh device. */
  readonly lost: Promise<Error>;
  /** The error that further use throws, where the device is lost or the backend was disposed of; undefined while it can be used. */
  readonly closed: Error | undefined;
  /**
   * Calls `listener` with that error each time that happens, and at once where it has. The function that comes back takes the
   * listener away.
   */
  onClosed(listener: (error: Error) => void): () => void;
  /** How outputs are drawn where they lie; left out where that is the page's memory. */
  readonly drawing?: DirectDrawing;
  /**
   * Copies of all variables that programs hold, as they are after everything enqueued so far, for `reopen`. Variables that hold
   * nothing but their `initial`, such as data sets, are left out: that is on the host already.
   */
  snapshot(): Promise<VariableSnapshot>;
  /**
   * Takes a fresh device in the place of one that was lost, makes every program ready on it, and sets the variables to the
   * values of a snapshot, those that were `reset` since to their new ones, and all others to their `initial`. Programs, and
   * trainers, classifiers and predictors with them, then go on; a trainer from the step that the snapshot holds, without what
   * it has added up of the pass under way. Throws `ArgumentError` where trained weights would be missing, and where the device was the
   * user's own; `WebGpuUnavailableError` and `OutOfMemoryError` where a fresh one does not come or is too small: the backend is
   * then closed as before, and `reopen` may be called again.
   */
  reopen(snapshot?: VariableSnapshot): Promise<void>;
  /** Whether `reopen` replaces a lost device: not where there is none to lose, or where it is the user's own. */
  readonly isReplaceable?: boolean;
  /**
   * As `reopen`, where no fresh device comes: another backend does the work of this one from then on, for all who have it. Left out
   * where there is none that `bestBackend` would take next. Throws what that backend throws.
   */
  goOnElsewhere?: (snapshot: VariableSnapshot) => Promise<void>;
  /** Calls `listener` each time `reopen` has set the variables; the function that comes back takes the listener away. */
  onReopened(listener: () => void): () => void;
  /** Frees everything that programs and variables hold on the device; further use throws `DisposedError`. */
  dispose(): void;
}
