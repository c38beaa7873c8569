/** A thread whose entry is evaluated twice, as WebKit did: the second host has no trainer, and must not answer. */
import { serve } from "../../src/worker/serve.ts";
import "../../src/worker/host.ts";

serve({
  cpu() {
    throw new Error("the second host answered");
  },
});
