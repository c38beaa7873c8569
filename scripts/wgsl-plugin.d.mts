import type { Plugin } from "vite";

export function smallShaders(): Plugin;
export function shrinkShader(text: string): string;
