/** Whether bytes begin as a safetensors file does: with a header's length, which is no text, and the JSON of the header. */
export const isSafetensors = (bytes: Uint8Array): boolean => bytes[8] === 0x7b && bytes[7] === 0;
