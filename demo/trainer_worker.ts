/**
 * The worker in which the network trains: the library's, but the CPU backend is fetched where it is needed only, since
 * with WebGPU nobody needs it.
 */
import { serve } from "../src/worker/serve.ts";

serve({ cpu: async () => (await import("../src/cpu/backend.ts")).cpu() });
