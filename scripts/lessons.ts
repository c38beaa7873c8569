/**
 * How often the demo's lessons are refused, and what they cost: trains networks as the page does, finds five drawings that each
 * misreads, and teaches them one after the other, with other lots of training digits each time:
 *
 *     node scripts/run-ts.mjs scripts/lessons.ts [--networks 2] [--epochs 5] [--draws 5]
 *
 * A line a sequence of lessons: steps and points of held-out accuracy that each cost, and what all of them cost together.
 */
import { parseArgs } from "node:util";
import { AUGMENT, buildNetwork, complete, LOSS } from "../demo/setup.ts";
import { type Lesson, teach } from "../demo/teaching.ts";
import { withWrittenOnes } from "../demo/written_ones.ts";
import { randomKey } from "../src/core/random.ts";
import { adam, createTrainer, type Trainer, wasm } from "../src/index.ts";
import { GLYPHS, type Glyph, pixelsOf, turned } from "../test/support/digit_strokes.ts";
import { mnistSmall } from "../test/support/mnist_small.ts";

const { values } = parseArgs({
  options: {
    networks: { type: "string", default: "2" },
    epochs: { type: "string", default: "5" },
    draws: { type: "string", default: "5" },
  },
});
const LEARNING_RATE = 1e-3;
const DRAWINGS = 5;

const backend = await wasm({ threads: 1 });
const train = await withWrittenOnes(await mnistSmall("train"));
const heldOut = await mnistSmall("test");
const points = (share: number) => (100 * share).toFixed(1);

async function trainedNetwork(seed: number): Promise<Trainer> {
  const { network, batchSize } = complete({}, "webgpu");
  const trainer = await createTrainer(buildNetwork(network, seed), {
    ...{ backend, loss: LOSS, optimizer: adam({ learningRate: LEARNING_RATE }), batchSize, seed },
  });
  await trainer.fit(train, { epochs: Number(values.epochs), augment: AUGMENT });
  return trainer;
}

async function read(trainer: Trainer, pixels: Float32Array): Promise<number> {
  const { data } = await trainer.predict(pixels);
  return data.indexOf(Math.max(...data));
}

/** Digits turned so far that the network takes them for others. */
async function misreadBy(trainer: Trainer): Promise<Lesson[]> {
  const found: Lesson[] = [];
  for (const angle of [42, -42, 55, -55]) {
    for (let label = 0; label < 10 && found.length < DRAWINGS; label++) {
      const glyph = GLYPHS.find(({ digit }: Glyph) => digit === label);
      if (glyph === undefined || found.some((lesson) => lesson.label === label)) continue;
      const pixels = pixelsOf(turned(glyph, angle).strokes);
      if ((await read(trainer, pixels)) !== label) found.push({ pixels, label });
    }
  }
  return found;
}

let refused = 0;
let given = 0;
for (let seed = 1; seed <= Number(values.networks); seed++) {
  const trainer = await trainedNetwork(seed);
  const trained = await trainer.checkpoint();
  const lessons = await misreadBy(trainer);
  const { accuracy: first = 0 } = await trainer.evaluate(heldOut);
  for (let draw = 1; draw <= Number(values.draws); draw++) {
    await trainer.restore(trained);
    const older: Lesson[] = [];
    const words: string[] = [];
    for (const lesson of lessons) {
      const key = randomKey(draw, trainer.stats().steps);
      const taught = await teach(trainer, [lesson], {
        older,
        train,
        heldOut,
        untaught: first,
        learningRate: LEARNING_RATE,
        key,
      });
      given++;
      if (taught.kept) older.push(lesson);
      else refused++;
      const cost = `${taught.steps} steps, ${points(taught.before - taught.after)} points`;
      words.push(`${lesson.label}: ${taught.kept ? cost : `refused (${cost})`}`);
    }
    const { accuracy: last = 0 } = await trainer.evaluate(heldOut);
    console.log(`network ${seed}, draw ${draw}: ${words.join("; ")}; all: ${points(first - last)} of ${points(first)}`);
  }
  trainer.dispose();
}
console.log(`${refused} of ${given} lessons refused`);
backend.dispose();
process.exit();
