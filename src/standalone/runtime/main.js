/** What a page calls. Above it stand what the network is made of: INPUTS, OUTPUTS, STEPS, PLAN, PARTS, WEIGHTS, CLASSES, PICTURES. */
import { valuesOf } from "./pictures.js";
import { runPlain } from "./plain.js";
import { openGpu } from "./webgpu.js";

/** Names of the classes; undefined where the network does not classify. */
export const labels = CLASSES?.labels;
/** One image's shape, of the first input where there are several. */
export const inputShape = INPUTS[0].shape;
/** Of all inputs, in their order. */
export const inputShapes = INPUTS.map(({ shape }) => shape);

/** The weights' bytes. */
const bytes = Uint8Array.from(atob(WEIGHTS), (char) => char.charCodeAt(0));
const unpacked = [];

/** A tensor that the network holds. */
export function held(part) {
  const [type, offset, count] = PARTS[part];
  const Type = { f: Float32Array, h: Uint16Array, i: Int32Array, u: Uint32Array, b: Uint8Array }[type];
  const stored = new Type(bytes.buffer, offset, count);
  if (type !== "h") return stored;
  unpacked[part] ??= Float32Array.from(stored, (half) => {
    const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
    const value = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
    return half >> 15 ? -value : value;
  });
  return unpacked[part];
}

/** The same as WebGPU takes it: whole words. */
export function heldBytes(part) {
  const [type, offset, count] = PARTS[part];
  return type === "b" ? bytes.subarray(offset, offset + ((count + 3) & ~3)) : held(part);
}

/** What runs the network: made when it is first wanted, and anew where its device was lost. */
let engine;
const plain = { run: async (inputs) => runPlain(inputs) };

function open() {
  if (engine) return engine;
  const opened = openGpu().then(
    (gpu) => gpu ?? plain,
    () => plain,
  );
  engine = opened;
  opened.then(({ lost }) => lost?.then(() => forget(opened)));
  return opened;
}

const forget = (opened) => {
  if (engine === opened) engine = undefined;
};

async function run(inputs) {
  for (let tries = 0; tries < 2; tries++) {
    const opened = open();
    const { device, run } = await opened;
    try {
      return await run(inputs);
    } catch (error) {
      if (!device) throw error;
      forget(opened);
      device.destroy();
    }
  }
  // Devices go as soon as they come: without them.
  engine = Promise.resolve(plain);
  return plain.run(inputs);
}

/** Opens the device and compiles, so that the first prediction need not: "webgpu", or "javascript" where there is no WebGPU. */
export async function load() {
  return (await open()).device ? "webgpu" : "javascript";
}

/** Gives the device back; the next prediction opens one anew. */
export async function close() {
  const opened = await engine;
  engine = undefined;
  opened?.device?.destroy();
}

/**
 * What the network says of an image: a canvas, ImageData, a loaded image, a video with a frame, or an array of the input's values
 * (bytes 0-255 become 0-1, other numbers are taken as they are); a list of them, one an input, where there are several inputs.
 */
export async function predict(image) {
  const isList = Array.isArray(image) && image.every((one) => typeof one === "object");
  const images = isList ? image : [image];
  if (images.length !== INPUTS.length) {
    const names = INPUTS.map(({ name, shape }) => `${name} [${shape}]`).join(", ");
    throw new TypeError(
      `predict: the network has ${INPUTS.length} inputs (${names}), got ${images.length}; give a list, one each.`,
    );
  }
  const outputs = await run(images.map(valuesOf));
  if (!outputs.every((values) => values.every(Number.isFinite))) {
    throw new Error("predict: the network gives numbers that are not finite.");
  }
  return CLASSES ? classified(outputs[0]) : outputs.map((data, index) => ({ ...NAMES[index], data }));
}

function classified(values) {
  const probabilities = values.length === labels.length ? values : Float32Array.of(1 - values[0], values[0]);
  let index = 0;
  probabilities.forEach((probability, place) => {
    if (probability > probabilities[index]) index = place;
  });
  const label = labels[index];
  return {
    ...{ label, index, probabilities },
    labels: CLASSES.several ? labels.filter((_, place) => probabilities[place] >= 0.5) : [label],
  };
}
