/** Where the page's training worker is; scripts/worker-plugin.mjs makes it. */
declare module "virtual:trainer-worker-url" {
  const url: string;
  export default url;
}

/** The address of a style sheet that is asked for when it is needed. */
declare module "*.css?url" {
  const url: string;
  export default url;
}
