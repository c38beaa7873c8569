/** The texts of errors by their numbers. The build fills them in: in the sources, errors hold their texts themselves. */
export const texts: Readonly<Record<string, (values: readonly unknown[]) => string>> = {};
