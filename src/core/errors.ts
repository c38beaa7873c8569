/** Errors of Corteza. Those of running lie apart: a page that only makes a data set has none of them. */
export * from "./base_errors.ts";
export * from "./running_errors.ts";
