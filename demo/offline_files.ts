/** Keeps the page's files for visits without a network. */
import { courtesy } from "./courtesy.ts";
import { kept } from "./kept.ts";

/**
 * The built page works without a network after the first visit; while developing, nothing is to be kept. `tried`: what the
 * browser keeps has been found out.
 */
export function keepFiles(tried: Promise<void>): void {
  if (!(import.meta as { env?: { PROD?: boolean } }).env?.PROD) return;
  const keep = async () => {
    await tried;
    // Where nothing is kept, a browser would only complain; where there is none, the page needs the network.
    if (kept().database) await courtesy(() => navigator.serviceWorker.register("./offline.js"));
  };
  // After what the page itself needs; it may have all of that already, since this program comes late.
  if (document.readyState === "complete") void keep();
  else addEventListener("load", () => void keep());
}
