/** "corteza/standalone": a network as one JavaScript file that needs nothing else. */
export { type StandaloneOptions, toStandaloneModule } from "./standalone/to_standalone_module.ts";
