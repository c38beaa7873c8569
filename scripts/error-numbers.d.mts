/** `modules`: names with code. Gives the code with numbers of those that have errors, and the module of the errors' texts. */
export function numberErrors(modules: ReadonlyMap<string, string>): {
  readonly numbered: ReadonlyMap<string, string>;
  readonly texts: string;
};
