/** A picture from a file or the clipboard, made into what the network knows. */
import { normalizeDigitImage } from "../src/data/digit_image.ts";

/** 784 values 0…1, or `undefined` when nothing stands out. Throws what `createImageBitmap` throws for other files. */
export async function readPicture(file: Blob): Promise<Float32Array | undefined> {
  const bitmap = await createImageBitmap(file);
  try {
    return normalizeDigitImage(bitmap);
  } finally {
    bitmap.close();
  }
}
