/**
 * "vitest" for tests that run without it: in the packed file of tests this is what they import. Suites, hooks and matchers are
 * Vitest's own packages; what only its workers have is not here, and a test that asks for it fails.
 */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  addCustomEqualityTesters,
  chai,
  customMatchers,
  GLOBAL_EXPECT,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from "@vitest/expect";
import { getCurrentTest } from "@vitest/runner";

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, suite, test } from "@vitest/runner";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

interface Assertion extends Chai.Assertion {
  withTest(test: unknown): Assertion;
}

const globals = globalThis as unknown as Record<symbol, object>;

function makeExpect() {
  const own = Object.assign((value: unknown, message?: string) => {
    setState({ assertionCalls: getState(own as never).assertionCalls + 1 }, own as never);
    const assertion = chai.expect(value, message) as Assertion;
    const running = getCurrentTest();
    return running ? assertion.withTest(running) : assertion;
  }, chai.expect);
  const extend = (matchers: object) =>
    (chai.expect as unknown as { extend(...values: object[]): void }).extend(own, matchers);
  Object.assign(own, globals[ASYMMETRIC_MATCHERS_OBJECT], {
    getState: () => getState(own as never),
    setState: (state: object) => setState(state, own as never),
    addEqualityTesters: addCustomEqualityTesters,
    extend,
  });
  setState(
    {
      ...{ assertionCalls: 0, isExpectingAssertions: false, isExpectingAssertionsError: null },
      ...{ expectedAssertionsNumber: null, expectedAssertionsNumberErrorGen: null },
    },
    own as never,
  );
  extend(customMatchers);
  return own;
}

export const expect = makeExpect();
Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: expect, writable: true, configurable: true });

/** What vitest.config.ts provides to tests on a GPU. */
export function inject(name: string): string {
  if (name === "backend") return "webgpu";
  throw new Error(`tests without Vitest have nothing named "${name}"`);
}
