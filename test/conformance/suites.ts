import type { Suite } from "./suite.ts";

/** Every suite, in the order in which they are printed. */
export const suites: readonly Suite[] = [];
