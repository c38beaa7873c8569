/** The text of a shader file, as Vite's `?raw` imports give it. */
declare module "*.wgsl?raw" {
  const source: string;
  export default source;
}
