/** Pictures of two classes that a small network tells apart after a few epochs. */
import sharp from "sharp";

/** A JPEG of 40 × 40 pixels: a bright disc or a bright bar on dark, somewhere, in a colour of its class. */
export function shapePicture(shape: "disc" | "bar", number: number): Promise<Uint8Array> {
  const [x, y] = [14 + ((number * 7) % 12), 14 + ((number * 5) % 12)];
  const drawn =
    shape === "disc"
      ? `<circle cx="${x}" cy="${y}" r="9" fill="#e8c040"/>`
      : `<rect x="${x - 12}" y="${y - 3}" width="24" height="6" fill="#4080e8"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="#202428"/>${drawn}</svg>`;
  return sharp(Buffer.from(svg)).jpeg().toBuffer();
}
