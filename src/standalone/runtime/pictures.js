/** From what a page shows pictures with to the values that the network sees: the same numbers as Corteza's classifier makes. */
import { INPUTS, PICTURES } from "./main.js";

const fail = (message) => {
  throw new TypeError(`predict: ${message}`);
};
const nameOf = (value) => Object.prototype.toString.call(value).slice(8, -1);
const isBytes = (value) => ArrayBuffer.isView(value) && /^Uint8(Clamped)?Array$/.test(nameOf(value));

/** The values of one input, as they are now. */
export function valuesOf(given, index) {
  const { shape, name } = INPUTS[index];
  const [height, width, channels] = shape;
  const size = shape.reduce((product, extent) => product * extent, 1);
  const forPictures = shape.length === 3 && (channels === 1 || channels === 3);
  const isPixels = ArrayBuffer.isView(given?.data) && "width" in given && "height" in given;
  const isDrawable = /^(ImageBitmap|VideoFrame|OffscreenCanvas|HTML(Image|Video|Canvas)Element)$/.test(nameOf(given));
  if (isPixels || isDrawable) {
    if (!forPictures)
      fail(`a picture becomes [height, width, 1 or 3], but the network wants [${shape}]; give a Float32Array.`);
    const most = Math.max(1024, 4 * height, 4 * width);
    return pictureValues(resized(isPixels ? pixelsOf(given, most) : drawn(given, most), width, height), channels);
  }
  if (forPictures && isBytes(given) && given.length === 4 * height * width) {
    return pictureValues(resized({ width, height, data: given }, width, height), channels);
  }
  if (!(ArrayBuffer.isView(given) || Array.isArray(given)) || given.length === undefined) {
    fail(
      `got ${given === null ? "null" : nameOf(given)}; give a canvas, ImageData, a loaded image, or an array of ${size} values.`,
    );
  }
  if (given.length !== size) {
    throw new RangeError(`predict: ${name} [${shape}] has ${size} values, got ${given.length}.`);
  }
  const values = isBytes(given) ? Float32Array.from(given, (value) => value / 255) : Float32Array.from(given);
  if (!values.every(Number.isFinite)) fail(`${name} holds numbers that are not finite.`);
  return values;
}

function sizeOfPicture(image) {
  if ("naturalWidth" in image) return image.complete ? [image.naturalWidth, image.naturalHeight] : [0, 0];
  if ("videoWidth" in image) return image.readyState < 2 ? [0, 0] : [image.videoWidth, image.videoHeight];
  return "displayWidth" in image ? [image.displayWidth, image.displayHeight] : [image.width, image.height];
}

function atMost(width, height, most) {
  const scale = Math.min(1, most / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

function pixelsOf({ width, height, data }, most) {
  if (!isBytes(data) || data.length !== 4 * width * height || data.length === 0) {
    fail(`got ${data.length} values for ${width} × ${height} pixels; ImageData has four bytes each.`);
  }
  return resized({ width, height, data }, ...atMost(width, height, most));
}

function drawn(image, most) {
  const own = sizeOfPicture(image);
  if (!(own[0] > 0 && own[1] > 0)) fail(`the ${nameOf(image)} has no pixels (yet); wait until it is loaded.`);
  const [width, height] = atMost(...own, most);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** Along one axis what each output takes of the input: the mean where it becomes smaller, linear between centres where larger. */
function sharesOf(from, to) {
  const scale = from / to;
  return Array.from({ length: to }, (_, index) => {
    if (from <= to) {
      const center = Math.min(Math.max((index + 0.5) * scale - 0.5, 0), from - 1);
      const first = Math.min(Math.floor(center), Math.max(0, from - 2));
      return [first, from === 1 ? [1] : [1 - (center - first), center - first]];
    }
    const [start, end] = [index * scale, (index + 1) * scale];
    const first = Math.floor(start);
    const last = Math.min(from, Math.ceil(end - 1e-9));
    const weight = (position) => (Math.min(position + 1, end) - Math.max(position, start)) / scale;
    return [first, Array.from({ length: last - first }, (_, place) => weight(first + place))];
  });
}

/** A picture at another size. Colours count by their alpha, so that what cannot be seen leaves no trace. */
function resized(pixels, width, height) {
  const { width: from, height: rows, data } = pixels;
  if (from === width && rows === height) return pixels;
  const narrow = new Float64Array(rows * width * 4);
  const columns = sharesOf(from, width);
  for (let row = 0, to = 0; row < rows; row++) {
    for (const [first, weights] of columns) {
      let [red, green, blue, alpha] = [0, 0, 0, 0];
      weights.forEach((weight, place) => {
        const at = 4 * (row * from + first + place);
        const part = weight * data[at + 3];
        red += part * data[at];
        green += part * data[at + 1];
        blue += part * data[at + 2];
        alpha += part;
      });
      narrow.set([red, green, blue, alpha], to);
      to += 4;
    }
  }
  const result = new Float32Array(width * height * 4);
  sharesOf(rows, height).forEach(([first, weights], row) => {
    const sums = new Float64Array(4 * width);
    weights.forEach((weight, place) => {
      const start = (first + place) * sums.length;
      for (let at = 0; at < sums.length; at++) sums[at] += weight * narrow[start + at];
    });
    for (let at = 0; at < sums.length; at++) {
      const alpha = sums[at | 3];
      result[row * sums.length + at] = (at & 3) === 3 ? alpha : sums[at] / (alpha === 0 ? 1 : alpha);
    }
  });
  return { width, height, data: result };
}

function median(values) {
  const sorted = Array.from(values).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What is most along the edges of a picture. */
function groundOf(values, width, height) {
  const border = [];
  for (let x = 0; x < width; x++) border.push(values[x], values[(height - 1) * width + x]);
  for (let y = 0; y < height; y++) border.push(values[y * width], values[y * width + width - 1]);
  return median(Float32Array.from(border));
}

const luma = (red, green, blue) => 0.299 * red + 0.587 * green + 0.114 * blue;

/** White behind dark ink on a transparent ground, black behind all else. */
function backgroundOf({ width, height, data }) {
  const alphas = Float32Array.from({ length: width * height }, (_, pixel) => data[4 * pixel + 3]);
  if (alphas.every((alpha) => alpha >= 128) || groundOf(alphas, width, height) >= 128) return [0, 0, 0];
  let [ink, light] = [0, 0];
  alphas.forEach((alpha, pixel) => {
    ink += alpha;
    light += alpha * luma(data[4 * pixel], data[4 * pixel + 1], data[4 * pixel + 2]);
  });
  return light < 127.5 * ink ? [255, 255, 255] : [0, 0, 0];
}

function isDarkOnLight(values, width, height) {
  const ground = groundOf(values, width, height);
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  return ground - least > most - ground;
}

/** Values from 0 to 1 over a background: grey, or red, green and blue; the other way round where ink is dark on light. */
function pictureValues(pixels, channels) {
  const { width, height, data } = pixels;
  const { background, invert = channels === 1 ? "auto" : false } = PICTURES;
  const behind = background ?? backgroundOf(pixels);
  const values = new Float32Array(width * height * channels);
  const grey = new Float32Array(width * height);
  for (let pixel = 0; pixel < grey.length; pixel++) {
    const alpha = data[4 * pixel + 3];
    const color = behind.map((back, part) => (data[4 * pixel + part] * alpha + back * (255 - alpha)) / (255 * 255));
    grey[pixel] = luma(...color);
    values.set(channels === 1 ? [grey[pixel]] : color, channels * pixel);
  }
  const turned = invert === "auto" ? isDarkOnLight(grey, width, height) : invert;
  return turned ? values.map((value) => 1 - value) : values;
}
