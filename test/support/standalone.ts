/** What a module of `toStandaloneModule` exports, and how tests import one. */
export interface StandaloneModule {
  readonly labels: readonly string[] | undefined;
  readonly inputShape: readonly number[];
  readonly inputShapes: readonly (readonly number[])[];
  load(): Promise<"webgpu" | "javascript">;
  close(): Promise<void>;
  // What it gives depends on the network.
  predict(image: unknown): Promise<Classified & Output[]>;
}

export interface Classified {
  readonly label: string;
  readonly index: number;
  readonly probabilities: Float32Array;
  readonly labels: readonly string[];
}

export interface Output {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

let count = 0;

/** Evaluates the text of a module, a fresh one each time. */
export async function importModule(source: string): Promise<StandaloneModule> {
  const bytes = new TextEncoder().encode(`${source}// ${count++}\n`);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return (await import(/* @vite-ignore */ `data:text/javascript;base64,${btoa(text)}`)) as StandaloneModule;
}
