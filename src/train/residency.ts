import { OutOfMemoryError } from "../core/errors.ts";
import { onDemand } from "../core/on_demand.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend, Program } from "../graph/backend.ts";
import type { Variable } from "../graph/node.ts";
import { type DatasetTables, datasetTables } from "./dataset_variables.ts";
import type { Stream } from "./streaming.ts";

/** A program that fetches its batches from a data set. */
export interface DatasetProgram {
  readonly program: Program;
  /** Where the batches are fetched from. */
  readonly tables: DatasetTables;
  /** The same program, where it brings its batches to the device: their data is to be supplied before steps. */
  readonly stream?: Stream;
}

/** Which batches a program fetches, in which order. */
export interface BatchOrder {
  readonly batch: number;
  readonly shuffle: boolean;
  readonly seed: number;
}

/** Batches of a data set that lie on the device at least while it is streamed. */
export const LEAST_SLOTS = 2;

/** The program on tables of which each fits a binding; undefined where there would be too many, or all of them are too much. */
async function inParts(
  dataset: Dataset,
  bindable: number,
  compile: (tables: DatasetTables) => Promise<Program>,
): Promise<DatasetProgram | undefined> {
  const { splitTables } = await onDemand("data in several buffers", () => import("./split_tables.ts"));
  const tables = splitTables(dataset, bindable);
  try {
    return tables && { tables, program: await compile(tables) };
  } catch (error) {
    if (error instanceof OutOfMemoryError) return undefined;
    throw error;
  }
}

/**
 * Compiles a program on a data set: on tables of all of it; where one is more than the device binds, on several; and where all are
 * more than it has, or the data are read when they are needed, on tables of a few batches which a stream fills. `cursor`: counts the steps that counted, where one may not.
 */
export async function compileOn(
  backend: Backend,
  dataset: Dataset,
  order: BatchOrder,
  compile: (tables: DatasetTables) => Promise<Program>,
  cursor?: Variable,
): Promise<DatasetProgram> {
  if (dataset.read === undefined) {
    const tables = datasetTables(dataset);
    try {
      return { tables, program: await compile(tables) };
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      const split = error.bindable && (await inParts(dataset, error.bindable, compile));
      if (split) return split;
      if (dataset.count <= LEAST_SLOTS * order.batch) throw error;
    }
  }
  const { compileStreamed } = await onDemand("streaming of data", () => import("./streaming.ts"));
  return compileStreamed(backend, dataset, order, compile, cursor);
}
