/** A picture from a file or the clipboard, made into what the network knows. */
import { normalizeDigitImage } from "../src/index.ts";

/** Larger pictures are read at this many pixels along the longer side: the digit becomes 20. */
const MOST_SIDE = 560;

/** 784 values 0…1, or `undefined` when nothing stands out. Throws what `createImageBitmap` throws for other files. */
export async function readPicture(file: Blob): Promise<Float32Array | undefined> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = new OffscreenCanvas(width ?? 1, height ?? 1);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This browser gave no canvas to read the picture with.");
  // What is transparent is paper.
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  // Luma of Rec. 709.
  const grey = new Float32Array(canvas.width * canvas.height).map((_, pixel) => {
    const [red = 0, green = 0, blue = 0] = data.subarray(4 * pixel, 4 * pixel + 3);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  });
  return normalizeDigitImage(grey, canvas.width, canvas.height);
}
