/** Errors of a page's production build have numbers; "corteza/errors" has the texts that the same errors have in development. */
import { mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { numberErrors } from "../../scripts/error-numbers.mjs";
import { buildLibrary } from "../../scripts/library.mjs";
import { describeValue } from "../../src/core/describe.ts";
import { texts } from "../../src/core/error_texts.ts";
import * as errors from "../../src/core/errors.ts";
import { numbered } from "../../src/core/numbered.ts";
import { insteadOf, insteadOfLabel } from "../../src/data/instead.ts";
import { explainError } from "../../src/errors.ts";
import type * as corteza from "../../src/index.ts";

type Library = typeof corteza & { readonly cpu: typeof import("../../src/cpu.ts").cpu };

/** The library's modules in dist, or in dist/production; and its explainError. */
async function load(dist: string, folder: string): Promise<Library & { explainError: typeof explainError }> {
  const names = ["index.js", "cpu.js", "errors.js"];
  const modules = await Promise.all(
    names.map((name) => import(/* @vite-ignore */ pathToFileURL(join(dist, folder, name)).href)),
  );
  return Object.assign({}, ...modules);
}

const network = ({ dense, sequential }: Library) => sequential({ inputShape: [4] }, [dense({ units: 3 })]);
const numbersOf = ({ dataset }: Library) =>
  dataset({ images: new Float32Array(8).fill(1), labels: [0, 2], shape: [4] });
const trainer = (library: Library, learningRate = 0.1) =>
  library.createTrainer(network(library), {
    ...{ backend: library.cpu(), loss: "sparseCategoricalCrossentropy", batchSize: 2 },
    optimizer: library.sgd({ learningRate }),
  });
const safetensors = (header: string) => {
  const bytes = new Uint8Array(8 + header.length);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(new TextEncoder().encode(header), 8);
  return bytes;
};

/** Programs that throw, each another error. */
const FAULTS: Readonly<Record<string, (library: Library) => unknown>> = {
  "an unknown option": ({ dense }) => dense({ unit: 3 } as never),
  "an option far from any": ({ dense }) => dense({ zzzzzzzzzzzz: 3 } as never),
  "an option that is called otherwise": ({ leakyReLU }) => leakyReLU({ alpha: 0.1 } as never),
  "an option of many letters": ({ dense }) => dense({ ["unit".repeat(40)]: 3 } as never),
  "an activation that is misspelt": ({ dense }) => dense({ units: 3, activation: "rellu" }),
  "an activation far from any": ({ activation }) => activation("zzzzzzzzzzzz"),
  "an op that is none": ({ operation }) => operation({ op: 5 as never }),
  "no images": ({ idx }) => idx({ images: new Uint8Array(), labels: new Uint8Array() }),
  "images in an archive": ({ idx }) => idx({ images: new TextEncoder().encode("PK.."), labels: new Uint8Array() }),
  "no options": ({ dense }) => dense(`ten \`\${}\`` as never),
  "a number that is none": ({ dense }) => dense({ units: Number.NaN }),
  "a text in place of a number": ({ huber }) => huber({ delta: "a" as never }),
  "a kernel without a width": ({ conv2d }) => conv2d({ filters: 8, kernelSize: [3, Number.POSITIVE_INFINITY] }),
  "a shape that is none": ({ input }) => input({ rows: 1n } as never),
  "a shape with a bit of everything": ({ input }) => input([1.5, "a", undefined, null] as never),
  "a layer of pictures on a vector": ({ sequential, conv2d }) =>
    sequential({ inputShape: [4] }, [conv2d({ filters: 1, kernelSize: 3 })]),
  "images that are no whole number": ({ dataset }) =>
    dataset({ images: new Uint8Array(5), labels: new Uint8Array(1), shape: [2, 2, 1] }),
  "a label out of range": ({ dataset }) => dataset({ images: new Uint8Array(1), labels: [-3], shape: [1], classes: 2 }),
  "a file that is cut off": ({ loadSafetensors }) => loadSafetensors(new Uint8Array(4)),
  "another format": ({ loadSafetensors }) => loadSafetensors(new TextEncoder().encode("<!doctype html><title>404")),
  "a header that is no JSON": ({ loadSafetensors }) => loadSafetensors(safetensors('{"a": "\\u0000"')),
  "a configuration that is none": ({ modelFromConfig }) => modelFromConfig({ layers: 1 } as never),
  "a schedule with as many values as boundaries": ({ piecewiseConstantDecay }) =>
    piecewiseConstantDecay({ boundaries: [1, 2], values: [1, 2] }),
  "an unknown loss": (library) =>
    library.createTrainer(network(library), {
      backend: library.cpu(),
      loss: "crossentropy" as never,
      optimizer: "adam",
    }),
  "an unknown optimizer": (library) =>
    library.createTrainer(network(library), {
      backend: library.cpu(),
      loss: "meanSquaredError",
      optimizer: "adamm" as never,
    }),
  "no WebGPU": ({ webgpu }) => webgpu(),
  "a step that diverges": async (library) => (await trainer(library, 1e39)).fit(numbersOf(library), { epochs: 4 }),
  "a trainer that is disposed of": async (library) => {
    const disposed = await trainer(library);
    disposed.dispose();
    await disposed.fit(numbersOf(library), { epochs: 1 });
  },
  "another layer's initializer": ({ dense }) => dense({ units: 3, kernelInitializer: "heNorma" as never }),
};

async function thrown(fault: (library: Library) => unknown, library: Library): Promise<errors.CortezaError> {
  try {
    await fault(library);
  } catch (error) {
    return error as errors.CortezaError;
  }
  throw new Error("it throws nothing");
}

describe("the library's errors", () => {
  let folder: string;
  let development: Awaited<ReturnType<typeof load>>;
  let production: typeof development;

  beforeAll(async () => {
    folder = await mkdtemp(join(resolve(import.meta.dirname, "../../node_modules/.cache"), "errors-"));
    await buildLibrary(folder);
    [development, production] = await Promise.all([load(folder, "."), load(folder, "production")]);
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(Object.entries(FAULTS))(
    "%s: the production build's number stands for development's text",
    async (_, fault) => {
      const [told, short] = [await thrown(fault, development), await thrown(fault, production)];
      // What tells where a step diverged is fetched then, and has its texts with it.
      if (!(told instanceof development.DivergedError)) expect(short.message).toMatch(/^(.*: )?Corteza error \d+ \[/);
      expect(production.explainError(short)).toBe(told.message);
      expect(development.explainError(short.message)).toBe(told.message);
      expect(development.explainError(told)).toBe(told.message);
      const { message: _text, stack: _stack, ...fields } = { ...told };
      expect({ ...short }).toMatchObject({ ...fields, code: told.code, name: told.name });
      expect(short).toBeInstanceOf(production[told.name as "ShapeError"]);
    },
  );
});

/** Messages of every form and class, as functions of some values. */
const FORMS = `
  const all = (what, n, list, missing) => [
    new ShapeError("a text without any values"),
    new ArgumentError(\`\${what}: "quoted" \\\`ticks\\\` \\\${no value} \${n} back\\\\slash\`),
    new InternalError(\`\${what}: line one\\n\` + "line two, " + \`list \${list} and \${n}\`),
    new FormatError(\`\${what}: known are \${list.join(", ") || "none"}.\`, { cause: 1 }),
    new WebGpuUnavailableError("no-api", missing === undefined ? "nothing is missing here" : \`\${missing} is missing here\`),
    new OutOfMemoryError(\`\${what}: \${n} bytes are too many\${n > 2 ? \`, by \${n - 2}\` : \` for \${what}\`}\`, n),
    new DeviceLostError(\`\${what} was lost\${missing ? \`: \${missing}\` : ""}; open it again.\`),
    new DivergedError(\`\${what}: step \${n} was not finite.\`, n, { layer: "a" }),
    new DisposedError(\`\${what} was disposed of: \${missing}\`),
    new WorkerError("The worker " + what + " failed: " + missing),
    new ModuleLoadError(\`Fetching \${what} failed (\${String(missing)})\`),
    new CortezaError("network", \`\${what} did not come: \${n}\`),
    new Error(\`a plain error of \${what}\`),
    new RangeError(\`\${what}: no entry \${n} in the list\`),
  ];`;

describe("numbers for errors", () => {
  const evaluate = (code: string, result: string, names: Readonly<Record<string, unknown>>) =>
    new Function(...Object.keys(names), `${code.replace(/^(import|export) .*$/gm, "")}\nreturn ${result};`)(
      ...Object.values(names),
    );

  it("stand for texts of every form, in every class", () => {
    const { numbered: modules, texts: made } = numberErrors(new Map([["nn/forms.js", FORMS]]));
    Object.assign(texts, evaluate(made, "texts", {}));
    const code = modules.get("nn/forms.js") ?? "";
    expect(code).toContain('from "../core/numbered.js"');
    const plain = evaluate(FORMS, "all", errors);
    const short = evaluate(code, "all", { ...errors, errorNumbered: numbered });
    const cause = new errors.ArgumentError("what was said");
    for (const given of [
      ["conv2d", 3, [1, 2], undefined],
      [`a \`tick\` and \${more}`, Number.NaN, [], "a bug"],
      ['"', -0, ["x", "y"], cause],
      ["Corteza error", 1.5, [Number.POSITIVE_INFINITY], null],
      ["", 2n, [[1], [2, 3]], 0],
    ]) {
      const [long, numbers]: errors.CortezaError[][] = [plain(...given), short(...given)];
      expect(numbers?.every(({ message }) => /^Corteza error \d+ \[.*\]: explainError/.test(message))).toBe(true);
      expect(numbers?.map(explainError)).toEqual(long?.map(({ message }) => message));
      // A message within another's text, and within that of no error of Corteza.
      const outer = short(...given.slice(0, 3), numbers?.[1]?.message)[8];
      expect(explainError(outer)).toBe(plain(...given.slice(0, 3), long?.[1]?.message)[8].message);
      expect(explainError(`x: ${numbers?.[0]?.message} ${numbers?.[1]?.message}.`)).toBe(
        `x: ${long?.[0]?.message} ${long?.[1]?.message}.`,
      );
    }
  });

  it("stand for what is told of values that JSON does not hold", () => {
    const message = `throw new ArgumentError(\`got \${describeValue(given)}, \${insteadOf(given)}, \${insteadOfLabel(given)}\`)`;
    const { numbered: modules, texts: made } = numberErrors(new Map([["data/one.js", message]]));
    Object.assign(texts, evaluate(made, "texts", { describeValue, insteadOf, insteadOfLabel }));
    const code = `const one = (given) => { ${modules.get("data/one.js")?.replace(/^import.*$/gm, "")} };`;
    const one: (given: unknown) => never = evaluate(code, "one", { ...errors, errorNumbered: numbered });
    class Own {
      toJSON = () => ({ not: "this" });
    }
    const values = [
      ...[
        undefined,
        null,
        Number.NaN,
        Number.NEGATIVE_INFINITY,
        -0,
        1.5,
        12n,
        true,
        Symbol("a"),
        () => 1,
        function named() {},
      ],
      ...[
        "",
        "relu",
        "x".repeat(100),
        "a/b.png",
        "10",
        {},
        Object.create(null),
        { kind: 1, units: 2 },
        new Own(),
        new URL("a:b"),
      ],
      ...[
        [],
        [1, 2, 3, 4, 5],
        ["a", undefined, null, 3n],
        [[1, 2], [undefined], [[1]], [null], {}],
        [Promise.resolve(1)],
      ],
      ...[
        new Float32Array(3),
        new BigInt64Array(1),
        new DataView(new ArrayBuffer(1)),
        new Blob([]),
        new Map(),
        new Set([1]),
      ],
      ...[Promise.resolve(1), { data: new Uint8Array(1) }, { width: 1, height: 1, data: new Uint8Array(4) }],
      ...[{ dataSync() {} }, { length: 2 }, new Error("an error"), new Date(0), /a/],
    ];
    for (const value of values) {
      let told: unknown;
      try {
        one(value);
      } catch (error) {
        told = error;
      }
      const long = `got ${describeValue(value)}, ${insteadOf(value)}, ${insteadOfLabel(value)}`;
      expect(explainError(told)).toBe(long);
    }
  });

  it("hold no more than the beginning of what is very long", () => {
    const given = [Array.from({ length: 1e5 }, (_, i) => i), "x".repeat(1e6), new Float32Array(1e6), { a: [1e5] }];
    expect(numbered(1, ...given).length).toBeLessThan(12_000);
  });

  it("are those of their texts: other errors before them change nothing", () => {
    const one = numberErrors(new Map([["a.js", "throw new Error(a + `: a text of some length`);"]]));
    const two = numberErrors(
      new Map([["b.js", "throw new Error(`another text` + c);\nthrow new Error(b + `: a text of some length`);"]]),
    );
    const number = /\d{3,}/.exec(one.numbered.get("a.js") ?? "")?.[0];
    expect(two.numbered.get("b.js")).toContain(`errorNumbered(${number}, b)`);
  });

  it("hold no names of a module's constants: their values are part of the text", () => {
    const code = "const MOST = 12;\nconst FIX = `no text`;\nconst HINT = 'take `less`';\n";
    const { numbered: modules, texts: made } = numberErrors(
      new Map([["a.js", `${code}throw new Error(what + \`: more than \${MOST}; \${HINT}, \${FIX}\`);`]]),
    );
    expect(modules.get("a.js")).toMatch(/errorNumbered\(\d+, what, FIX\)/);
    expect(made).toContain("}: more than 12; take \\`less\\`, ");
  });

  it("a message that is no text with values in it ends the build", () => {
    const modules = new Map([["nn/a.js", "\nthrow new ShapeError(async () => `a text in a function`);"]]);
    expect(() => numberErrors(modules)).toThrow("dist/nn/a.js:2: ShapeError's message is no text");
  });

  it("are left alone where they are not known", () => {
    expect(explainError('Corteza error 1 [2]: explainError() of "corteza/errors" gives the text.')).toMatch(
      /^Corteza error 1/,
    );
    expect(explainError("Corteza error 1 [2")).toBe("Corteza error 1 [2");
    expect(explainError(undefined)).toBe("undefined");
  });
});
