/** What is used of the npm package sharp, which a project may have or not: nothing here wants it to be installed. */
declare module "sharp" {
  interface Picture {
    autoOrient(): Picture;
    resize(options: { width: number; height: number; fit: "fill"; kernel: "linear" }): Picture;
    toColourspace(space: "srgb"): Picture;
    ensureAlpha(): Picture;
    raw(options: { depth: "uchar" }): Picture;
    jpeg(options?: { quality: number }): Picture;
    png(): Picture;
    metadata(): Promise<{ autoOrient: { width: number; height: number } }>;
    toBuffer(options: {
      resolveWithObject: true;
    }): Promise<{ data: Uint8Array; info: { width: number; height: number } }>;
    toBuffer(): Promise<Uint8Array>;
  }

  export default function sharp(
    file: Uint8Array,
    options?: {
      limitInputPixels?: number;
      failOn?: "none" | "truncated" | "error" | "warning";
      raw?: { width: number; height: number; channels: 3 };
    },
  ): Picture;
}
