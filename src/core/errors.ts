/**
 * Errors of Corteza. Those of files and of running lie apart: a page that only makes a data set has none of them, by esbuild too, which
 * takes a module as a whole.
 */
export * from "./base_errors.ts";
export * from "./format_errors.ts";
export * from "./running_errors.ts";
