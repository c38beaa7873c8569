import type { Plugin } from "vite";

/** `file`: a module of the page, by its path in the repository. */
export function preloadedPage(file: string): Plugin;
