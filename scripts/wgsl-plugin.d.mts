import type { Plugin } from "vite";

export function smallShaders(): Plugin;
