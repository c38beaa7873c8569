/**
 * Writes the sample of random networks with PyTorch's answers that `npm test` checks without PyTorch:
 *
 *     node scripts/run-ts.mjs scripts/freeze-oracle.ts [--seeds 2,9,14]
 *
 * Wants Debian's python3-torch, as `npm run conformance -- --source oracle` does.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { Oracle } from "../test/conformance/oracle/ask.ts";
import { drawQuestion } from "../test/conformance/oracle/draw.ts";

/** Small networks that together have nearly every kind of layer, loss, optimizer and schedule that networks are drawn from. */
const SEEDS = "2424,3651,5733,5617,4309,6204,2995,4333,3912,2664,4254";
const FILE = "test/conformance/oracle/frozen.json";

const { values: options } = parseArgs({ options: { seeds: { type: "string", default: SEEDS } } });
const oracle = new Oracle();
const lines: string[] = [];
for (const seed of options.seeds.split(",").map(Number)) {
  const question = drawQuestion(seed);
  lines.push(JSON.stringify({ question, answer: await oracle.ask(question) }));
}
oracle.close();
await writeFile(FILE, `[\n${lines.join(",\n")}\n]\n`);
console.log(`${FILE}: ${lines.length} networks, ${lines.reduce((sum, line) => sum + line.length, 0)} bytes`);
