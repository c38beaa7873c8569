/** `corteza/typescript`: networks as source of this library. */

export { toTypeScript } from "./formats/typescript.ts";
