import type { Plugin } from "vite";

export declare function smallFont(): Plugin;
