/**
 * What streaming costs a step of the reference network, or with `--network dense` of one layer, whose steps are short: the same images on the device and read from memory, in turns, in
 * Node on Dawn on this machine's adapter:
 *
 *     node scripts/run-ts.mjs bench/streaming.ts [--network dense --batch 64 --steps 40 --rounds 7]
 *
 * Prints the median of each, of the differences within a round, and how long steps waited for data.
 */
import { parseArgs } from "node:util";
import {
  adam,
  createTrainer,
  type Dataset,
  dataSource,
  dataset,
  dense,
  flatten,
  sequential,
  webgpu,
} from "../src/index.ts";
import { testGpu } from "../test/support/gpu.ts";
import { referenceNetwork } from "../test/support/networks.ts";

const { values: options } = parseArgs({
  options: {
    network: { type: "string", default: "reference" },
    batch: { type: "string", default: "64" },
    steps: { type: "string", default: "40" },
    rounds: { type: "string", default: "7" },
  },
});
const [batchSize, steps, rounds] = [options.batch, options.steps, options.rounds].map(Number) as [
  number,
  number,
  number,
];
const COUNT = 12_800;
const SIZE = 784;
const images = Uint8Array.from({ length: COUNT * SIZE }, (_, index) => Math.imul(index, 2654435761) >>> 24);
const labels = Int32Array.from({ length: COUNT }, (_, index) => index % 10);
const backend = await webgpu({ gpu: await testGpu() });

async function open(data: Dataset) {
  const loss = "sparseCategoricalCrossentropy";
  const network =
    options.network === "dense"
      ? sequential({ inputShape: [28, 28, 1] }, [flatten(), dense({ units: 10 })])
      : referenceNetwork();
  const trainer = await createTrainer(network, { backend, loss, optimizer: adam(), batchSize });
  await trainer.fit(data, { steps: 8 });
  await trainer.settled();
  const milliseconds = async () => {
    const { seconds } = await trainer.fit(data, { steps });
    return (seconds * 1000) / steps;
  };
  return { trainer, milliseconds };
}

const resident = await open(dataset({ images, labels, shape: [28, 28, 1], classes: 10 }));
const streamed = await open(
  dataSource({
    ...{ count: COUNT, sampleShape: [28, 28, 1], labels, classes: 10 },
    read(rows, into) {
      for (const [place, row] of rows.entries()) into.set(images.subarray(row * SIZE, (row + 1) * SIZE), place * SIZE);
    },
  }),
);
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const times: { resident: number; streamed: number }[] = [];
for (let round = 0; round < rounds; round++) {
  // Another one first in each round.
  const first = round % 2 === 0 ? await resident.milliseconds() : undefined;
  const second = await streamed.milliseconds();
  times.push({ resident: first ?? (await resident.milliseconds()), streamed: second });
}
const of = (name: "resident" | "streamed") => median(times.map((time) => time[name]));
const difference = median(times.map((time) => time.streamed - time.resident));
const { dataWaitSeconds, steps: taken } = streamed.trainer.stats();
console.log(
  `${backend.description}, batch ${batchSize}: ${of("resident").toFixed(3)} ms a step on the device, ` +
    `${of("streamed").toFixed(3)} streamed, difference ${difference.toFixed(3)}; waited ` +
    `${((dataWaitSeconds * 1000) / taken).toFixed(3)} ms a step for data`,
);
resident.trainer.dispose();
streamed.trainer.dispose();
backend.dispose();
