import { type Facts, factsOf } from "./facts.ts";

/** Stands for a value whose facts are known, but which is elsewhere: in a page that an error comes from. */
export class Told {
  readonly facts: Facts;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  toString(): string {
    return this.facts[2];
  }
}

/** The facts of a value, or of one that it stands for. */
export function factsToldOf(value: unknown): Facts {
  return value instanceof Told ? value.facts : factsOf(value);
}
