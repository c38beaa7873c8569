/** The text of a shader file, as Vite's `?raw` imports give it. */
declare module "*.wgsl?raw" {
  const source: string;
  export default source;
}

/** The text of a part of a standalone module. */
declare module "*.js?raw" {
  const source: string;
  export default source;
}
