/** Works by short names, as the packed scripts take them: `reference:64,vgg64:16`. */
import { type Job, NETWORKS, type NetworkName } from "../jobs.ts";

/** Training jobs of a list `network:batch,…`; throws for a network or a batch that there is not. */
export function worksOf(list: string): (Job & { kind: "train" })[] {
  return list.split(",").map((entry) => {
    const [network = "", text] = entry.split(":");
    const batch = Number(text);
    if (!Object.hasOwn(NETWORKS, network))
      throw new Error(`"${entry}": the network is one of ${Object.keys(NETWORKS).join(", ")}.`);
    if (!Number.isInteger(batch) || batch < 1) throw new Error(`"${entry}": the batch is a whole number, at least 1.`);
    return { kind: "train", network: network as NetworkName, batch };
  });
}
