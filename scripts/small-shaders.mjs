/**
 * Small texts of shaders: without comments and without spaces that separate nothing, and with short names for what shaders
 * declare themselves: functions, parameters, variables, members. What lies between the holes and digits of a name (`patchX` in
 * `patchX_$(x)`) has one short form in all shaders, and no other has the same. So what is equal stays equal and what differs
 * differs, in texts that include each other too. As they are stay names that begin with a capital (types, constants of kernels),
 * what a kernel knows (bindings, entry points), and what words in an included text make (`{name}Row`: inRow, outRow).
 */

/**
 * Spaces between an operator and operands on both sides, or beside a bracket, separate nothing. `<` and `>` are operators where they
 * have spaces on both sides, else brackets: what reads declarations wants its space behind `var<storage>`. In an included text
 * `{name}` is no block but a part of a word.
 */
const OPERATOR = /(?<=[\w)\]]) ?([-+*/%&|^=!]+) ?(?=[\w($])/g;
const COMPARISON = /(?<=[\w)\]]) ([<>]{1,2}=?) (?=[\w($])/g;
const BRACKET = / ?([()[\];:,]|\{(?!\w+\})|(?<!\{\w+)\}) ?/g;

const shrinkLine = (line) => line.replace(BRACKET, "$1").replace(OPERATOR, "$1").replace(COMPARISON, "$1");

/** Lines stay lines, because the preprocessor's `#` directives need their own. */
export function shrinkShader(text) {
  return text
    .split("\n")
    .map((line) =>
      line
        .replace(/\/\/.*$/, "")
        .trim()
        .replace(/\s+/g, " "),
    )
    .filter((line) => line !== "")
    .map((line) => (/^(#|enable )/.test(line) ? line : shrinkLine(line)))
    .join("\n");
}

/** WGSL's own names, as far as shaders use them or may. A name that is not here and that no shader declares stops the build. */
const WGSL = new Set(
  [
    "alias break case const const_assert continue continuing default diagnostic else enable false fn for if let loop",
    "override requires return struct switch true var while",
    "array atomic bool f16 f32 i32 mat2x2f mat3x3f mat4x4f ptr u32 vec2 vec2f vec2h vec2i vec2u",
    "vec3 vec3f vec3h vec3i vec3u vec4 vec4f vec4h vec4i vec4u",
    "align binding builtin compute fragment group interpolate invariant location must_use position private read",
    "read_write size storage uniform vertex workgroup write",
    "frag_depth front_facing global_invocation_id instance_index local_invocation_id local_invocation_index",
    "num_workgroups sample_index subgroup_id subgroup_invocation_id subgroup_size vertex_index workgroup_id workgroup_size",
    "abs acos acosh all any arrayLength asin asinh atan atan2 atanh atomicAdd atomicAnd atomicCompareExchangeWeak",
    "atomicExchange atomicLoad atomicMax atomicMin atomicOr atomicStore atomicSub atomicXor bitcast ceil clamp cos cosh",
    "countLeadingZeros countOneBits countTrailingZeros degrees dot dot4I8Packed dot4U8Packed exp exp2 extractBits",
    "firstLeadingBit firstTrailingBit floor fma fract frexp insertBits inverseSqrt ldexp log log2 max min mix modf",
    "normalize pack2x16float pack4x8unorm pack4xI8 pack4xU8 pow quantizeToF16 radians reverseBits round saturate select",
    "sign sin sinh smoothstep sqrt storageBarrier tan tanh transpose trunc unpack2x16float unpack4x8unorm unpack4xI8",
    "unpack4xU8 workgroupBarrier workgroupUniformLoad",
    "subgroupAdd subgroupAll subgroupAny subgroupBallot subgroupBroadcast subgroupBroadcastFirst subgroupElect",
    "subgroupExclusiveAdd subgroupInclusiveAdd subgroupMax subgroupMin subgroupShuffle subgroupShuffleDown",
    "subgroupShuffleUp subgroupShuffleXor",
    "chromium chromium_experimental_subgroup_matrix off row_major subgroupMatrixLoad subgroupMatrixMultiplyAccumulate",
    "subgroupMatrixStore subgroup_matrix_left subgroup_matrix_result subgroup_matrix_right subgroup_matrix_uniformity",
    "subgroups",
  ].flatMap((line) => line.split(" ")),
);
/** Words of two letters that WGSL keeps for itself. */
const RESERVED = ["as", "do", "fn", "if", "of"];
/** Components of vectors. */
const SWIZZLE = /^([xyzw]{1,4}|[rgba]{1,4})$/;

/** `{name}`; `$( … )`, with two more parentheses in it at most. */
const HOLE = String.raw`\{\w+\}|\$\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)`;
const HOLES = new RegExp(HOLE, "g");
/** Numbers, and names with holes in them. */
const TOKENS = new RegExp(String.raw`(?<![\w#])(?:\d[\w.]*|(?:[A-Za-z]|${HOLE})(?:\w|${HOLE})*)`, "g");
const PARTS = new RegExp(String.raw`${HOLE}|[A-Za-z]+|[\d_]+`, "g");
/** Letters beside a hole for a word. */
const BESIDE_WORD = /([A-Za-z]*)\{(\w+)\}([A-Za-z]*)/g;
/** A number that the preprocessor makes, and its type. */
const MADE_NUMBER = new RegExp(`^(?:${HOLE})[uif]?$`);

const isLetters = (part) => /^[A-Za-z]/.test(part);
const lettersOf = (name) => name.match(PARTS).filter(isLetters);
const capitalised = (word) => word.charAt(0).toUpperCase() + word.slice(1);
/** Of a kernel's constant. */
const isConstant = (letters) => /^[A-Z]+$/.test(letters);

/** A text with `take(name, before, behind)` in the place of each of its names, where names in the preprocessor's lines count too. */
function withNames(text, take) {
  const inLine = (line) =>
    line.replace(TOKENS, (token, place) => {
      if (/^\d/.test(token)) return token;
      const name = token.replace(HOLES, (hole) => (hole[0] === "$" ? `$(${inLine(hole.slice(2, -1))})` : hole));
      if (MADE_NUMBER.test(token)) return name;
      return take(name, line.slice(0, place), line.slice(place + token.length));
    });
  const inInclude = (line) => {
    const [, start, words] = /^(#include \w+)(.*)$/.exec(line);
    return start + words.replace(/ [^\s=]+(?=\s|$)/g, inLine);
  };
  return text
    .split("\n")
    .map((line) => (line.startsWith("#include ") ? inInclude(line) : inLine(line)))
    .join("\n");
}

/** What makes a text small, of all shaders' texts by the names of their files. */
export function shaderShrinker(files) {
  const texts = new Map(Object.entries(files).map(([name, text]) => [name, shrinkShader(text)]));
  checkNames(texts);
  const kept = new Set([...knownNames(texts), ...namesOfWords(texts)].flatMap(lettersOf));
  const stays = (letters) => letters.length === 1 || isConstant(letters) || SWIZZLE.test(letters) || kept.has(letters);
  const counts = new Map();
  for (const text of texts.values()) {
    withNames(text, (name) => {
      for (const letters of lettersOf(name)) counts.set(letters, (counts.get(letters) ?? 0) + 1);
      return name;
    });
  }
  const taken = new Set([...RESERVED, ...WGSL, ...[...counts.keys()].filter(stays)]);
  const codes = shortWords().filter((code) => !taken.has(code));
  const long = [...counts.keys()].filter((letters) => !stays(letters));
  const ordered = long.sort((a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));
  const shorter = new Map(ordered.map((letters, index) => [letters, codes[index]]));
  const shortName = (name) => {
    if (WGSL.has(name)) return name;
    const parts = name.match(PARTS);
    const isBesideWord = (index) => parts[index]?.startsWith("{");
    return parts
      .map((part, index) => (isBesideWord(index - 1) || isBesideWord(index + 1) ? part : (shorter.get(part) ?? part)))
      .join("");
  };
  return (text) => withNames(shrinkShader(text), shortName);
}

/** Names that a kernel has for what is in its shader. */
function* knownNames(texts) {
  for (const text of texts.values()) {
    for (const [, name] of text.matchAll(/var<(?:storage|uniform)[^>]*> ([^:]+):/g)) yield name;
    for (const [, name] of text.matchAll(/@(?:compute|vertex|fragment)[^;{]*?\bfn (\w+)/g)) yield name;
  }
}

/** What words in included texts make with the letters beside their holes, and words that are more than a name by themselves. */
function* namesOfWords(texts) {
  const given = includedWords(texts);
  for (const { file, key, word } of given) {
    const through = /^\{(\w+)\}$/.exec(word)?.[1];
    const words = through ? given.filter((other) => other.key === through).map((other) => other.word) : [word];
    const holes = [...texts.get(`${file}.wgsl`).matchAll(BESIDE_WORD)].filter(
      ([, , hole]) => hole.toLowerCase() === key,
    );
    for (const one of words.filter((other) => !other.startsWith("{"))) {
      const made = holes
        .filter(([text]) => text !== `{${key}}`)
        .map(([, before, hole, behind]) => {
          if (hole === key.toUpperCase()) return one;
          return before + (hole === key ? one : capitalised(one)) + behind;
        });
      if (key !== "name") made.push(one);
      if (made.length > 0 && !/^[A-Za-z]+$/.test(one))
        throw new Error(
          `shaders/${file}.wgsl makes other names of its word, which in "${one}" is not of letters alone.`,
        );
      yield* made;
    }
  }
}

/** The words of all `#include` lines. */
function includedWords(texts) {
  const lines = [...texts.values()].flatMap((text) => [...text.matchAll(/^#include (\w+) (.*)$/gm)]);
  return lines.flatMap(([, file, words]) =>
    words.split(" ").map((given) => {
      const [, key = "name", word] = /^(?:(\w+)=)?(.*)$/.exec(given);
      return { file, key, word };
    }),
  );
}

/** Throws unless every name is WGSL's or declared by some shader, and every word that is put into names is a plain one. */
function checkNames(texts) {
  const declared = includedWords(texts).map(({ word }) => word);
  for (const text of texts.values()) {
    withNames(text, (name, before, behind) => {
      if (/(?:\b(?:fn|let|var|const|alias|struct)(?:<[^>]*>)? |^#unroll )$/.test(before) || /^ ?:/.test(behind))
        declared.push(name);
      return name;
    });
  }
  const pattern = (name) => name.replace(HOLES, (hole) => (hole[0] === "$" ? "\\d+" : "\\w+"));
  const patterns = [...new Set(declared.map(pattern))].filter((text) => text !== "\\w+");
  const isDeclared = new RegExp(`^(?:${patterns.join("|")})$`);
  for (const [file, text] of texts) {
    withNames(text, (name) => {
      const isWhole = /^\w+$/.test(name) && !lettersOf(name).every(isConstant);
      if (isWhole && !WGSL.has(name) && !SWIZZLE.test(name) && !isDeclared.test(name)) {
        throw new Error(
          `shaders/${file}: ${name} is declared in no shader. If it is WGSL's, add it to scripts/small-shaders.mjs.`,
        );
      }
      return name;
    });
  }
}

/** All words of one letter and of two. */
function shortWords() {
  const small = [..."abcdefghijklmnopqrstuvwxyz"];
  const all = [...small, ...small.map((letter) => letter.toUpperCase())];
  return [...all, ...small.flatMap((first) => all.map((second) => first + second))];
}
