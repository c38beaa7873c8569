/**
 * Which modules lie in one file of dist/production, and why. A bundler makes a file for each set of modules that the same ones
 * of a page and of its on-demand parts import; modules that always come together, but one a file, become dozens of small
 * files, each compressed alone. What is one file from the start stays one, and what a page does not use of it is left out.
 */

/** What a page imports of the inside: the modules of the first two become one file each. */
const PAGE = {
  webgpu: ["webgpu/backend.js"],
  training: ["train/create_trainer.js"],
  using: ["train/classifier.js", "train/predictor.js"],
  opening: ["formats/open_model.js"],
  layers: ["nn/model_config.js"],
};
/** What a page has that only uses a model: of what is shared, it fetches the modules of these alone. */
const USE = ["webgpu", "using", "opening"];
/** Layers of most networks. */
const COMMON_LAYERS = ["nn/layers/conv2d.js", "nn/layers/dense.js"];
/**
 * What nearly every page has that uses a network, and on-demand parts too: with what all such pages have, though one with other
 * layers fetches it in vain. As files of their own they cost every other page more.
 */
const USUAL = [
  ...[
    "core/abort.js",
    "core/median.js",
    "core/random.js",
    "core/window_geometry.js",
    "nn/layers/layer_file.js",
    "nn/layers/pooling.js",
    "nn/own_layers.js",
  ],
  ...["graph/ops/conv2d.js", "graph/ops/matmul.js", "graph/ops/max_pool2d.js", "webgpu/kernels/rows.js"],
  // Of the backends without a GPU too: esbuild cuts a page's files where a backend that nobody fetches has parts of them.
  ...["graph/closing.js", "graph/feeds.js", "core/next_turn.js"],
];
/** Likewise what nearly every page has that trains. */
const USUAL_IN_TRAINING = ["nn/optimizer_options.js"];
/**
 * What every trainer has, on-demand parts of trainers use, and fetches such parts: a file beside `training`, which no part may
 * import.
 */
const OF_TRAINERS = [
  ...["train/accuracy.js", "train/fetching.js", "train/heads.js", "train/residency.js", "train/training_step.js"],
  ...["nn/activation_of.js", "nn/late_parts.js", "nn/layers/held.js", "nn/losses/loss.js"],
  ...["core/schedule_part.js", "nn/optimizers/adam.js", "nn/optimizers/optimizer.js", "train/learning_rates.js"],
  "train/training_state.js",
];
/**
 * What is fetched for options of a trainer that few give: smaller together than as a file each. It must not import `OF_TRAINERS`, which
 * fetch it.
 */
const FOR_RARE_OPTIONS = ["train/recompute.js", "train/class_weights.js", "train/largest_batch.js"];
/** What a page may import alone. Its modules stay apart: esbuild takes files as a whole. */
const ALONE = ["data/dataset.js", "data/idx.js", "formats/safetensors.js"];

/** What nearly all of these have, whichever a page imports: one file. */
const OF_ALONE = [
  ...["core/base_errors.js", "core/facts.js", "core/format_errors.js", "core/numbered.js", "core/options.js"],
  ...["core/shape.js", "data/labels.js", "data/values.js"],
];

/** Characters of a module up to which it is worth no file of its own where several parts that are fetched on demand want it. */
const SMALL = 1500;

/** What kernels' parts share with this one lies with it: other families with parts of it are wanted where a network is trained or measured. */
const TRAINING = "webgpu/rules/families/training.js";

/** `modules`: names, each with its `imports`, `dynamicImports` and `size`. Gives the file of each module that shares one. */
export function groupsOf(modules) {
  const named = [
    ...Object.values(PAGE).flat(),
    ...COMMON_LAYERS,
    ...USUAL,
    ...USUAL_IN_TRAINING,
    ...OF_TRAINERS,
    ...FOR_RARE_OPTIONS,
    ...ALONE,
    ...OF_ALONE,
    TRAINING,
  ];
  const gone = named.find((name) => !modules.has(name));
  if (gone !== undefined) throw new Error(`scripts/production-groups.mjs names ${gone}, which is no module any more.`);
  const closure = (name, seen = new Set()) => {
    if (seen.has(name) || !modules.has(name)) return seen;
    seen.add(name);
    for (const imported of modules.get(name).imports) closure(imported, seen);
    return seen;
  };
  const union = (names) => new Set(names.flatMap((name) => [...closure(name)]));
  const page = Object.entries(PAGE).map(([name, roots]) => [name, union(roots)]);
  const closures = new Map(page);
  const alone = union(ALONE);
  const inCommonLayers = union(
    [...union(COMMON_LAYERS)].filter((name) => name.startsWith("nn/") && !COMMON_LAYERS.includes(name)),
  );
  const parts = [...new Set([...modules.values()].flatMap(({ dynamicImports }) => dynamicImports))]
    .filter((name) => !/^(cpu|wasm)\//.test(name))
    .map((name) => [name, closure(name)]);

  const hasOwner = (name) => page.some(([, names]) => names.has(name));
  const wantingOf = (name) => parts.filter(([, names]) => names.has(name)).map(([part]) => part);
  const isOfKernels = (name) => /^(webgpu|shaders)\//.test(name);
  /** Whether a module is small, and shared by parts alone that may as well fetch others like it. */
  const isSmallPart = (name) => {
    const wanting = wantingOf(name);
    if (wanting.length < 2 || wanting.includes(name) || modules.get(name).size > SMALL) return false;
    if (wanting.includes(TRAINING)) return false;
    // What trainers fetch must not import what fetches it.
    if ([...closure(name)].some((one) => OF_TRAINERS.includes(one))) return false;
    if (isOfKernels(name)) return true;
    return /^(graph|nn|train)\//.test(name) && !wanting.some(isOfKernels);
  };
  const smallFileOf = (name) => (isOfKernels(name) ? "webgpu/small_parts.js" : "small_parts.js");

  const fileOf = (name) => {
    if (USUAL.includes(name)) return "shared.js";
    if (USUAL_IN_TRAINING.includes(name)) return "training_shared.js";
    if (OF_TRAINERS.includes(name)) return "train/parts.js";
    if (FOR_RARE_OPTIONS.includes(name)) return "train/rare_options.js";
    const owners = page.filter(([, names]) => names.has(name)).map(([owner]) => owner);
    const wanting = wantingOf(name);
    if (owners.length === 0) {
      if (wanting.includes(TRAINING)) return TRAINING;
      return [...closure(name)].every((one) => hasOwner(one) || isSmallPart(one)) ? smallFileOf(name) : name;
    }
    const [owner] = owners.length > 1 ? ["base"] : owners;
    if (OF_ALONE.includes(name)) return "core/alone.js";
    if (alone.has(name) || owner === "using") return name;
    // A page has its own few ops and layers, and what these have in common.
    if ((owner === "layers" || owner === "opening") && !(inCommonLayers.has(name) && wanting.length > 0)) return name;
    if (wanting.length === 0) return `${owner}.js`;
    // Rolldown keeps a part in every page where the part imports the file that fetches it.
    const fetched = new Set([...closure(name)].flatMap((one) => modules.get(one).dynamicImports));
    if (fetched.size > 0) return name;
    return USE.some((one) => closures.get(one).has(name)) ? "shared.js" : "training_shared.js";
  };
  return new Map([...modules.keys()].map((name) => [name, fileOf(name)]));
}
