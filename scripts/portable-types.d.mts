export function portableTypes(path: string, text: string): { names: string[]; text: string };
export function makeTypesPortable(dist: string): void;
