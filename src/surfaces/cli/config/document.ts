import { isMap, isScalar, isSeq, LineCounter, parseDocument, Scalar, stringify, visit, Document } from "yaml";
import { Failure } from "../../../kernel/failure.ts";
import { pointerOf } from "../../../registry/parse.ts";
import { visibleText } from "../visible-text.ts";

export type Entry = Readonly<Record<string, unknown>>;
export type Path = readonly string[];

/** A configuration as somebody wrote it, in YAML 1.2 or in JSON, which is YAML too. */
export type ConfigDocument = {
  readonly value: Entry;
  /** Where it says so, such as `line 7, column 5`; of what is not there, where it would belong. */
  place(path: Path): string;
};

export type Complaint = { readonly path: Path; readonly message: string; readonly hint?: string };

const charactersMax = 4 * 1024 * 1024;
const aliasesMax = 100;

/** @throws Failure invalid, with line and column, when it is no YAML or no mapping; too_large above 4 Mi characters */
export function readDocument(text: string): ConfigDocument {
  if (text.length > charactersMax)
    throw new Failure("too_large", `The document has more than ${charactersMax} characters.`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, stringKeys: true, prettyErrors: false });
  const [wrong] = document.errors;
  if (wrong !== undefined) {
    const { line, col } = lines.linePos(wrong.pos[0]);
    throw new Failure("invalid", `line ${line}, column ${col}: ${wrong.message}`, {
      hint: "The document is YAML, as `sluice config export` writes it.",
    });
  }
  const value = valueOf(document);
  if (!isEntry(value))
    throw new Failure("invalid", "The document is no mapping.", {
      hint: "`sluice config export` writes one to begin with.",
    });
  return {
    value,
    place(path) {
      const { line, col } = lines.linePos(offsetOf(document.contents, path));
      return `line ${line}, column ${col}`;
    },
  };
}

function valueOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasesMax });
  } catch (error) {
    throw new Failure("invalid", error instanceof Error ? error.message : String(error), {
      hint: "Write the value out where it is used.",
    });
  }
}

/** Everything that is wrong at once, each with its place. */
export function refusal(document: ConfigDocument, complaints: readonly Complaint[]): Failure {
  const problems = complaints.map(({ path, message }) => ({
    pointer: pointerOf(path),
    message: `${document.place(path)}: ${message}`,
  }));
  const [first] = problems;
  const hint = complaints[0]?.hint;
  return new Failure("invalid", first?.message ?? "The document is wrong.", {
    problems,
    ...(first !== undefined && { pointer: first.pointer }),
    ...(hint !== undefined && { hint }),
  });
}

/** The document as text that reads back as the same value, whatever its texts contain. */
export function documentText(value: Entry, comment: string): string {
  const document = new Document(value);
  document.commentBefore = comment;
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === "string" && visibleText(node.value) !== node.value)
        node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return visibleText(stringify(document, { lineWidth: 0 }));
}

export function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function offsetOf(node: unknown, path: Path): number {
  const [name, ...rest] = path;
  const own = rangeOf(node);
  if (name === undefined) return own;
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name);
    if (pair === undefined) return own;
    const deeper = rest.length > 0 && (isMap(pair.value) || isSeq(pair.value));
    return deeper ? offsetOf(pair.value, rest) : rangeOf(pair.key);
  }
  return isSeq(node) ? offsetOf(node.items[Number(name)] ?? node, rest) : own;
}

function rangeOf(node: unknown): number {
  return isMap(node) || isSeq(node) || isScalar(node) ? (node.range?.[0] ?? 0) : 0;
}
