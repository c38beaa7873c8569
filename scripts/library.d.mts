/** Builds the library's modules into a folder, without their types. */
export function buildLibrary(folder: string): Promise<void>;
