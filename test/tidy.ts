// House rules that no linter knows. Each rule looks at one file and says what is wrong at which offset.
import { type CallExpression, type Comment, type Node, parseSync, visitorKeys } from "oxc-parser";
import { z } from "zod";

type Code = {
  readonly path: string;
  readonly text: string;
  readonly nodes: readonly Node[];
  readonly comments: readonly Comment[];
};
type Finding = { readonly at: number; readonly says: string };
type Ban = { readonly pattern: RegExp; readonly says: string; readonly where?: RegExp };

const optionalMembersMax = 4;

/** Optional by nature: a filter is a set of independent criteria, a problem detail holds what applies (RFC 9457). */
const loose: ReadonlySet<string> = new Set(["Where", "FailureDetail"]);

const drawers =
  /(^|\/)(index|utils?|helpers?|common|misc|shared|lib|types|constants|manager|service)\.[cm]?[jt]sx?$/;

// A bracket in a word keeps a pattern from matching its own text.
const codeBans: readonly Ban[] = [
  { pattern: /\b(mock\.module|vi\.mock|jest\.mock)\(/g, says: "a module mock; pass an in-memory engine" },
  { pattern: /\b(test|it|describe|suite)\.only\(|\bonly[:] true\b/g, says: "a leftover only" },
  { pattern: /\b(test|it|describe|suite)\.(skip|todo)\(/g, says: 'say why: { skip: "reason" }' },
  { pattern: /\b(skip|todo)[:] true\b|\bt\.(skip|todo)\(\)/g, says: 'say why: { skip: "reason" }' },
  {
    pattern: /\bFIXM[E]\b|\bHAC[K]\b|\bTOD[O]\b(?!\(#\d+\))/g,
    says: "an open end needs an issue: TODO(#123)",
  },
  {
    pattern: /\bDate\(\)/g,
    says: "reads time; take a Clock",
    where:
      /^(capture|src)\/(?!kernel\/clock\.ts$|.*(\.test\.ts$|[/-](conformance|promises)\.ts$|\/conformance\/))/,
  },
];

const textBans: readonly Ban[] = [
  { pattern: /(?<![\w.])\/(work|farm|home|Users)\/\w/g, says: "the path of a machine" },
  { pattern: /https?:\/\/registry\./g, says: "the address of a package registry" },
  {
    pattern: /"resolved": "http/g,
    says: "run npm install with this repository's .npmrc",
    where: /^package-lock\.json$/,
  },
];

/** Where the glossary holds. Presets of providers quote the words of others. */
const ownWords = /^capture\/|^src\/(?!.*\/providers\/)|^docs\/|^[A-Z]+\.md$/;

const wordBans: readonly Ban[] = [
  {
    pattern: /(?<![\w.@-])(tenant(?!-bound)|org|organi[sz]ation)s?(?!\w|\.\w)/gi,
    says: "the word is workspace",
    where: ownWords,
  },
  {
    pattern:
      /(?<!\w)(tenant|organi[sz]ation|org)(?=[A-Z_])|(?<=[a-z_])(Tenant|Organi[sz]ation|Org)(?![a-z])/g,
    says: "the word is workspace",
    where: ownWords,
  },
];

const codeRules: Readonly<Record<string, (code: Code) => readonly Finding[]>> = {
  "no-junk-drawer": ({ path }) =>
    drawers.test(path) ? [{ at: 0, says: "name the file after the noun it holds" }] : [],

  "no-banned-code": ({ path, text }) => broken(codeBans, path, text),

  "few-options": ({ nodes }) => {
    const exempt = new Set(
      nodes.flatMap((node) =>
        node.type === "TSTypeAliasDeclaration" && loose.has(node.id.name) ? [node.typeAnnotation.start] : [],
      ),
    );
    return nodes
      .filter((node) => !exempt.has(node.start) && optionalMembers(node) > optionalMembersMax)
      .map((node) => ({ at: node.start, says: `${optionalMembers(node)} optional members; split the type` }));
  },

  "no-pass-through": ({ nodes }) =>
    nodes
      .filter(onlyForwards)
      .map((node) => ({ at: node.start, says: "only forwards its parameters; call the target" })),

  "no-echo": ({ text, comments }) =>
    comments
      .filter((comment) => !directive.test(comment.value))
      .filter((comment) => {
        const said = words(comment.value.replace(/@\w+|\{[^}]*\}/g, ""));
        const code = words(text.slice(comment.end, comment.end + 160).replace(/\/[/*].*/s, ""));
        return said.length > 1 && said.every((word) => code.includes(word));
      })
      .map((comment) => ({ at: comment.start, says: "the comment repeats the code; say why or delete it" })),

  "operation-matches-file": ({ path, nodes }) => {
    const file = /^src\/planes\/[^/]+\/operations\/([^/.]+)\.ts$/.exec(path)?.[1];
    if (file === undefined) return [];
    const names = nodes.filter(declaresOperation).map((node) => property(node, "name"));
    const expected = file.replaceAll("-", "_");
    return names.length === 1 && names[0] === expected
      ? []
      : [{ at: 0, says: `declares ${names.join(", ") || "no operation"} instead of ${expected}` }];
  },

  "scope-is-noun-verb": ({ path, nodes }) =>
    nodes
      .filter((node) => path.startsWith("src/planes/") && declaresOperation(node))
      .filter((node) => !/^[a-z]+(-[a-z]+)*:[a-z]+(-[a-z]+)*$/.test(property(node, "scope") ?? ""))
      .map((node) => ({ at: node.start, says: `scope ${property(node, "scope")} is not noun:verb` })),
};

/** Every rule there is, as it stands in the findings. */
export const tidyRules: readonly string[] = [
  ...Object.keys(codeRules),
  "no-machine-text",
  "one-word-per-idea",
  "worker-is-started",
  "lock-is-complete",
];

/** What the rules for code say about one TypeScript file, as `path:line: rule: what`. */
export function untidyCode(path: string, text: string): readonly string[] {
  const { program, comments } = parseSync(path, text);
  const code = { path, text, comments, nodes: [...walk(program)] };
  return Object.entries(codeRules).flatMap(([rule, judge]) => lines(path, text, rule, judge(code)));
}

/** What the rules for any text say about one file: machine paths, registry hosts, banned words. */
export function untidyText(path: string, text: string): readonly string[] {
  return [
    ...lines(path, text, "no-machine-text", broken(textBans, path, text)),
    ...lines(path, text, "one-word-per-idea", broken(wordBans, path, text)),
  ];
}

/** Worker entry files that no other file of the product names, whole or by the quoted part before `.worker`. */
export function unstartedWorkers(sources: ReadonlyMap<string, string>): readonly string[] {
  return [...sources.keys()].flatMap((path) => {
    const name = /([^/]+)\.worker\.ts$/.exec(path)?.[1];
    const starts = (text: string) =>
      text.includes(`./${name}.worker`) || (text.includes("}.worker") && text.includes(`"${name}"`));
    const started = [...sources].some(([other, text]) => other !== path && starts(text));
    return name === undefined || started ? [] : [`${path}:1: worker-is-started: no file starts it`];
  });
}

/**
 * Optional packages, such as the builds of a tool for other platforms, that package-lock.json wants and does not have.
 * `npm install` leaves them out silently when the registry lacks that version; `npm ci` then fails on every machine.
 */
export function lockGaps(text: string): readonly string[] {
  const { packages } = Lock.parse(JSON.parse(text));
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !homes(path).some((home) => `${home}node_modules/${name}` in packages))
      .map((name) => `package-lock.json:1: lock-is-complete: ${path || "the root"} wants ${name}`),
  );
}

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ optionalDependencies: z.record(z.string(), z.string()).optional() }),
  ),
});

/** Where Node looks for a dependency of the package at this path: itself, then outwards to the root. */
function homes(path: string): readonly string[] {
  const parts = path === "" ? [] : path.split(/(?=node_modules\/)/);
  return Array.from({ length: parts.length + 1 }, (_, depth) => {
    const home = parts.slice(0, depth).join("").replace(/\/$/, "");
    return home === "" ? "" : `${home}/`;
  });
}

function broken(bans: readonly Ban[], path: string, text: string): readonly Finding[] {
  return bans
    .filter(({ where }) => where === undefined || where.test(path))
    .flatMap(({ pattern, says }) =>
      [...text.matchAll(pattern)].map((match) => ({ at: match.index, says: `${match[0]}: ${says}` })),
    );
}

function lines(path: string, text: string, rule: string, findings: readonly Finding[]): readonly string[] {
  return findings.map(({ at, says }) => `${path}:${text.slice(0, at).split("\n").length}: ${rule}: ${says}`);
}

function optionalMembers(node: Node): number {
  const members =
    node.type === "TSTypeLiteral" ? node.members : node.type === "TSInterfaceBody" ? node.body : [];
  return members.filter((member) => "optional" in member && member.optional).length;
}

function onlyForwards(node: Node): boolean {
  const made = node.type === "MethodDefinition" ? node.value : node;
  if (made.type !== "FunctionDeclaration" && made.type !== "FunctionExpression") return false;
  if (made.type === "FunctionExpression" && node === made) return false;
  const taken = made.params.map(identifier);
  const passed = callReturned(made.body?.body ?? [])?.arguments.map(identifier) ?? [];
  return taken.length > 0 && !taken.includes(undefined) && taken.join() === passed.join();
}

/** The call in a body that is nothing but `return call(…)` or `return await call(…)`. */
function callReturned(body: readonly Node[]): CallExpression | undefined {
  const [statement, ...more] = body;
  if (statement?.type !== "ReturnStatement" || more.length > 0) return undefined;
  const value =
    statement.argument?.type === "AwaitExpression" ? statement.argument.argument : statement.argument;
  return value?.type === "CallExpression" && isName(value.callee) ? value : undefined;
}

/** A plain reference such as `find` or `this.inner.find`: nothing is computed to get at it. */
function isName(node: Node): boolean {
  if (node.type === "MemberExpression") return !node.computed && isName(node.object);
  return node.type === "Identifier" || node.type === "ThisExpression" || node.type === "PrivateIdentifier";
}

function identifier(node: Node): string | undefined {
  return node.type === "Identifier" ? node.name : undefined;
}

function declaresOperation(node: Node): boolean {
  return (
    node.type === "ObjectExpression" &&
    ["name", "does", "scope"].every((key) => property(node, key) !== undefined) &&
    property(node, "name") !== "?"
  );
}

/** The value of a string member, `?` when it is computed, undefined when there is none. */
function property(node: Node, key: string): string | undefined {
  if (node.type !== "ObjectExpression") return undefined;
  for (const member of node.properties) {
    if (member.type !== "Property" || member.key.type !== "Identifier" || member.key.name !== key) continue;
    return member.value.type === "Literal" ? String(member.value.value) : "?";
  }
  return undefined;
}

function* walk(node: Node): Generator<Node> {
  yield node;
  for (const key of visitorKeys[node.type] ?? []) {
    const value: unknown = Reflect.get(node, key);
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* walk(child);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

const directive = /^\s*(@ts-|oxlint|oxfmt|node:|cpd-)/;
const filler = new Set(["the", "a", "an", "to", "of", "is", "this", "function", "param", "returns"]);

function words(text: string): readonly string[] {
  const found =
    text
      .replace(/([a-z])([A-Z])/g, "$1 $2")
      .toLowerCase()
      .match(/[a-z]{2,}/g) ?? [];
  return found.filter((word) => !filler.has(word));
}
