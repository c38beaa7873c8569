/** Tells what a page gave in the place of numbers, and what to give instead: for messages. */

/** The name of a thing's class, also of one from another window: "Float32Array", "HTMLImageElement". */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Whether something shows a picture, by the name of its class: no canvas or document is needed to tell. */
export function isPicture(value: unknown): boolean {
  return (
    /^(ImageData|ImageBitmap|VideoFrame|OffscreenCanvas|HTML(Image|Video|Canvas)Element|SVGImageElement)$/.test(
      tagOf(value),
    ) ||
    // Canvases of npm packages make plain objects.
    (typeof value === "object" &&
      value !== null &&
      "data" in value &&
      "width" in value &&
      "height" in value &&
      ArrayBuffer.isView(value.data))
  );
}

/** What to give in the place of something that holds no numbers as it is; a sentence without its end. */
export function insteadOf(value: unknown): string {
  const tag = tagOf(value);
  if (/^Big(Int|Uint)64Array$/.test(tag)) return "convert it: Float32Array.from(values, Number)";
  if (/^(Shared)?ArrayBuffer$|^DataView$/.test(tag)) {
    return "say what it holds: new Float32Array(buffer) for floats, new Uint8Array(buffer) for bytes";
  }
  if (
    /^(Blob|File|Response)$/.test(tag) ||
    (typeof value === "string" && /^(blob:|data:|https?:|\.{0,2}\/|[\w./-]+\.\w{2,5}$)/.test(value)) ||
    tag === "URL"
  ) {
    const blob = tag === "Blob" || tag === "File" ? "file" : "await (await fetch(url)).blob()";
    return `decode the picture: await createImageBitmap(${blob}), which createClassifier().predict takes`;
  }
  if (isPicture(value)) return "createClassifier().predict takes pictures; here give their values";
  if (tag.endsWith("RenderingContext") || tag.endsWith("RenderingContext2D")) return "give its canvas";
  if (tag === "Promise") return "await it";
  if (Array.isArray(value)) return "put all numbers behind one another: Float32Array.from(lists.flat(Infinity))";
  if (typeof value === "object" && value !== null) {
    if ("data" in value && ArrayBuffer.isView(value.data)) return "give its data";
    if ("dataSync" in value) return "give await tensor.data()";
    if (Symbol.iterator in value) return "make an array of it: Float32Array.from(values)";
  }
  return "give a Float32Array of values as they are, or a Uint8Array of bytes 0 to 255";
}
