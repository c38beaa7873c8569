/** "corteza/cpu": the reference backend, which runs anywhere and is in no page that does not import it. */
export { cpu } from "./cpu/backend.ts";
