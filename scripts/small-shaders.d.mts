export function shrinkShader(text: string): string;
/** `files`: texts of all shaders by the names of their files. */
export function shaderShrinker(files: Readonly<Record<string, string>>): (text: string) => string;
