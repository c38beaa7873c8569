/**
 * The worker in which the network trains: the library's, but the CPU backend is fetched where it is needed only: nobody needs
 * it who has WebGPU or WebAssembly.
 */
import { serve } from "../src/worker/serve.ts";

serve({ cpu: async () => (await import("../src/cpu/backend.ts")).cpu() });
