/** Declarations as a TypeScript without WebGPU's types, or without types of buffers, reads them. */
import { expect, it } from "vitest";
import { portableTypes } from "../../scripts/portable-types.mjs";

it("brings the names of WebGPU that a file has, by their module's address, on its first line", () => {
  const text = "/** On the GPUQueue. */\nexport declare function open(gpu: GPU): Promise<GPUDevice>;\n";
  expect(portableTypes("webgpu/kernels/one.d.ts", text)).toEqual({
    names: ["GPU", "GPUDevice"],
    text: `import type { GPU, GPUDevice } from "../../webgpu_types.js"; ${text}`,
  });
  expect(portableTypes("index.d.ts", "export type One = GPUBuffer;").text).toMatch(/from ".\/webgpu_types.js"; export/);
});

it("names arrays of a buffer of their own by what makes one, and leaves the rest alone", () => {
  const text =
    "export declare function a(): Uint8Array<ArrayBuffer>;\nexport declare const b: Float32Array;\n" +
    "export declare function c(view: ArrayBufferView<ArrayBuffer>): void;\n";
  const expected =
    'export declare function a(): ReturnType<Uint8ArrayConstructor["of"]>;\nexport declare const b: Float32Array;\n' +
    "export declare function c(view: (ArrayBufferView & { readonly buffer: ArrayBuffer })): void;\n";
  expect(portableTypes("one.d.ts", text)).toEqual({ names: [], text: expected });
});
