import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamax,
  adamw,
  cosineDecay,
  cosineDecayRestarts,
  cyclicLearningRate,
  exponentialDecay,
  ftrl,
  inverseTimeDecay,
  lamb,
  lion,
  multiStepDecay,
  nadam,
  oneCycle,
  polynomialDecay,
  rmsprop,
  type Schedule,
  sgd,
  warmup,
} from "../../src/index.ts";
import { checkUpdateRule, resolveOptimizer } from "../../src/nn/optimizer_names.ts";

const resolve = (choice: unknown) => () => resolveOptimizer("createTrainer", choice as "adam");

describe("resolveOptimizer", () => {
  it.each([
    ["adam", adam()],
    ["Adam", adam()],
    ["SGD", sgd()],
    ["AdamW", adamw()],
    ["rmsprop", rmsprop()],
    ["RMSprop", rmsprop()],
    ["lion", lion()],
  ])("takes the name %s for the default options, as Keras does", (name, made) => {
    expect(resolve(name)()).toEqual(made);
  });

  it.each([
    ["adm", /createTrainer: unknown optimizer "adm"; did you mean "adam"\?/],
    ["something", /unknown optimizer "something"; known: adadelta, /],
    [
      undefined,
      /createTrainer: wants an optimizer, as in optimizer: adam\(\{ learningRate: 1e-3 \}\) or "adam", got undefined/,
    ],
    [adam, /optimizer is the function adam: call it, as in optimizer: adam\(\)/],
    [0.5, /wants an optimizer.*got 0.5/],
    [{ learningRate: 1 }, /wants an optimizer/],
    [{ rule: { kind: "adm" }, learningRate: 1 }, /unknown optimizer "adm"/],
    [{ rule: adam().rule, learningRate: "fast" }, /learningRate must be a number of at least 0/],
    [{ rule: adam().rule }, /learningRate must be a number of at least 0.*undefined/],
  ])("says what to write instead of %o", (choice, message) => {
    expect(resolve(choice)).toThrow(ArgumentError);
    expect(resolve(choice)).toThrow(message);
  });
});

const everyOptimizer = [
  ...[adadelta(), adafactor(), adagrad(), adam(), adamax(), adamw(), ftrl(), lamb(), lion(), nadam(), rmsprop(), sgd()],
  adam({ amsgrad: true, epsilonAs: "keras", weightDecay: 0.1, clipNorm: 2 }),
  sgd({ momentum: 0.9, nesterov: true, globalClipNorm: 1, useEma: true, emaMomentum: 0.5, emaOverwriteFrequency: 3 }),
  rmsprop({ centered: true, momentum: 0.3, clipValue: 0.5, useEma: true }),
  ftrl({
    l1RegularizationStrength: 0.1,
    l2RegularizationStrength: 0.2,
    l2ShrinkageRegularizationStrength: 0.3,
    beta: 1,
  }),
];

describe("checkUpdateRule", () => {
  it.each(everyOptimizer.map(({ rule }) => [rule.kind, rule] as const))(
    "gives back a rule of %s as it is",
    (_, rule) => {
      expect(checkUpdateRule("file", JSON.parse(JSON.stringify(rule)))).toEqual(rule);
    },
  );

  it("fills in what an older file does not say", () => {
    expect(checkUpdateRule("file", { kind: "adam" })).toEqual(adam().rule);
  });

  it.each([
    [undefined, /file: unknown optimizer undefined; known: /],
    [null, /unknown optimizer undefined/],
    [{ kind: "adamw" }, /unknown optimizer "adamw"/],
    [{ kind: "constructor" }, /unknown optimizer "constructor"/],
    [{ ...adam().rule, beta1: 1 }, /file: adam: beta1 must be a number in \[0, 1\), got 1/],
    [{ ...adam().rule, beta1: "0.5" }, /beta1 must be a number/],
    [{ ...adam().rule, 'x: 1 } } }); fetch("//"); ({': 1 }, /file: adam: unknown option "x: 1/],
    [JSON.parse('{ "kind": "adam", "__proto__": { "beta1": 0.5 } }'), /unknown option "__proto__"/],
    [{ ...adam().rule, momentum: 0.5 }, /unknown option "momentum"/],
    [{ ...adam().rule, amsgrad: "yes" }, /amsgrad must be true or false/],
    [{ ...adam().rule, weightDecay: -1 }, /weightDecay/],
    [{ ...adam().rule, clip: { by: "toString", limit: 1 } }, /clip wants by/],
    [{ ...adam().rule, clip: null }, /clip wants by/],
    [{ ...adam().rule, clip: { by: "norm", limit: Number.NaN } }, /clipNorm must be a number above 0/],
    [{ ...adam().rule, ema: { momentum: 2, overwriteFrequency: 0 } }, /emaMomentum/],
    [{ ...adam().rule, ema: [] }, /ema wants momentum/],
  ])("refuses %o", (rule, message) => {
    expect(() => checkUpdateRule("file", rule)).toThrow(ArgumentError);
    expect(() => checkUpdateRule("file", rule)).toThrow(message);
  });
});

describe("schedules given as plain data", () => {
  const schedules: Schedule[] = [
    cosineDecay({ initialLearningRate: 0.1, decaySteps: 5 }),
    cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 5, tMul: 1.01 }),
    cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 5, tMul: 1 }),
    cyclicLearningRate({ baseLearningRate: 0.1, maxLearningRate: 0.2, mode: "triangular2", annealStrategy: "cos" }),
    exponentialDecay({ initialLearningRate: 0.1, decaySteps: 5, decayRate: 3, staircase: true }),
    inverseTimeDecay({ initialLearningRate: 0.1, decaySteps: 5, decayRate: 3 }),
    multiStepDecay({ initialLearningRate: 0.1, milestones: [1, 5] }),
    oneCycle({ maxLearningRate: 0.1, totalSteps: 20, cycleMomentum: true }),
    oneCycle({ maxLearningRate: 0.1, totalSteps: 2, pctStart: 0 }),
    polynomialDecay({ initialLearningRate: 0.1, decaySteps: 5, holdSteps: 3, power: 2 }),
    warmup(oneCycle({ maxLearningRate: 0.1, totalSteps: 20, cycleMomentum: true }), { steps: 3 }),
    warmup(0.1, { steps: 3, from: 0.01 }),
  ];
  it.each(schedules)("an honest one is taken as it is: %j", (schedule) => {
    expect(adam({ learningRate: schedule }).learningRate).toEqual(schedule);
  });

  const segment = { kind: "polynomial", start: 0, steps: 5, from: 0.1, to: 0, power: 1 };
  it.each([
    [{ segments: [] }, /1 to 16 segments/],
    [{ segments: Array(17).fill(segment) }, /1 to 16 segments/],
    [{ segments: null }, /a schedule has segments of the kinds/],
    [{ segments: [null] }, /a schedule has segments of the kinds/],
    [{ segments: [{ ...segment, kind: "own" }] }, /a schedule has segments of the kinds/],
    [{ segments: [segment], momentum: 3 }, /a schedule has segments of the kinds/],
    [{ segments: [segment], momentum: [{ ...segment, from: 2 }] }, /has a rate of 2/],
    [{ segments: [{ ...segment, start: 1 }] }, /start/],
    [{ segments: [{ ...segment, steps: 0 }] }, /a segment of 0 steps/],
    [{ segments: [{ ...segment, steps: 0.5 }] }, /a segment of 0.5 steps/],
    [{ segments: [{ ...segment, from: -1 }] }, /has a rate of -1/],
    [{ segments: [{ ...segment, to: "0" }] }, /not finite/],
    [{ segments: [{ ...segment, to: undefined }] }, /not finite/],
    [{ segments: [{ ...segment, power: 0 }] }, /polynomial segment with numbers that make none/],
    [
      { segments: [{ kind: "restarts", start: 0, steps: 1, from: 1, to: 0, stretch: 1.0000001, shrink: 1 }] },
      /restarts/,
    ],
    [
      { segments: [{ kind: "cyclic", start: 0, steps: 1, from: 1, to: 0, down: 0, shrink: 1, cosine: false }] },
      /cyclic/,
    ],
  ])("a broken one is refused: %j", (schedule, message) => {
    expect(() => adam({ learningRate: schedule as Schedule })).toThrow(ArgumentError);
    expect(() => adam({ learningRate: schedule as Schedule })).toThrow(message);
  });

  it("rounds of restarts that hardly grow are refused: a device would look for its round for seconds", () => {
    expect(() => cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 1, tMul: 1.0000001 })).toThrow(
      /tMul must be 1, or a number of at least 1.01/,
    );
  });
});
