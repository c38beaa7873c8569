import type { Plugin } from "vite";

export function sharedWorker(): Plugin;
