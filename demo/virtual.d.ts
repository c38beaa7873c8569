/** Where the page's training worker is; scripts/worker-plugin.mjs makes it. */
declare module "virtual:trainer-worker-url" {
  const url: string;
  export default url;
}
