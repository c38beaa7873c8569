/** Loading this file in a worker makes it a host of trainers; it has no exports to call. */
import { cpu } from "../cpu/backend.ts";
import { serve } from "./serve.ts";

serve(async () => cpu());
