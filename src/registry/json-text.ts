import { Failure } from "../kernel/failure.ts";

/** @throws Failure invalid that says at which line and column the text stops being JSON, and what could stand there */
export function parseJson(text: string, pointer = ""): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const { position, expected } = jsonFault(text) ?? { position: text.length, expected: "JSON" };
    const before = text.slice(0, position);
    const line = before.split("\n").length;
    const column = position - before.lastIndexOf("\n");
    const found = position >= text.length ? "the end" : JSON.stringify(text[position]);
    throw new Failure(
      "invalid",
      `Malformed JSON at line ${line}, column ${column} (position ${position}): found ${found}.`,
      { pointer, hint: `Expected ${expected} there.` },
    );
  }
}

type Fault = { readonly position: number; readonly expected: string };

/** What may stand next. `member` and `item` come after a comma, `members` and `items` after an opening bracket. */
const expectations = {
  value: "a value",
  items: "a value or ]",
  item: "a value",
  members: "a name in double quotes or }",
  member: "a name in double quotes",
  colon: ":",
  afterItem: ", or ]",
  afterMember: ", or }",
  nothing: "nothing more",
} as const;

type State = keyof typeof expectations;
type Reader = { readonly text: string; at: number; state: State; readonly open: ("[" | "{")[] };

/** Where a text stops being JSON (RFC 8259), or undefined when it is JSON. V8 does not always say. */
export function jsonFault(text: string): Fault | undefined {
  const reader: Reader = { text, at: 0, state: "value", open: [] };
  for (;;) {
    skipSpace(reader);
    if (reader.at === text.length && reader.state === "nothing") return undefined;
    const fault = reader.at < text.length ? step(reader) : expectations[reader.state];
    if (fault !== undefined) return { position: reader.at, expected: fault };
  }
}

function skipSpace(reader: Reader): void {
  while (" \t\n\r".includes(reader.text[reader.at] ?? "x")) reader.at++;
}

/** Reads one token; answers what it expected when another stands there. */
function step(reader: Reader): string | undefined {
  const { state } = reader;
  const char = reader.text[reader.at] ?? "";
  const closes = closing[state];
  if (closes === char) return close(reader);
  const follows = separators[state];
  if (follows === undefined) return beginsValue(reader, char);
  const [separator, next] = follows;
  if (char !== separator) return expectations[state];
  if (separator === '"') {
    const fault = readString(reader);
    if (fault !== undefined) return fault;
  } else reader.at++;
  reader.state = next;
  return undefined;
}

const closing: Partial<Record<State, string>> = {
  items: "]",
  afterItem: "]",
  members: "}",
  afterMember: "}",
};

const separators: Partial<Record<State, readonly [string, State]>> = {
  members: ['"', "colon"],
  member: ['"', "colon"],
  colon: [":", "value"],
  afterItem: [",", "item"],
  afterMember: [",", "member"],
  nothing: ["", "nothing"],
};

function close(reader: Reader): undefined {
  reader.at++;
  reader.open.pop();
  afterValue(reader);
}

function afterValue(reader: Reader): void {
  const inside = reader.open.at(-1);
  reader.state = inside === undefined ? "nothing" : inside === "[" ? "afterItem" : "afterMember";
}

function beginsValue(reader: Reader, char: string): string | undefined {
  if (char === "[" || char === "{") {
    reader.at++;
    reader.open.push(char);
    reader.state = char === "[" ? "items" : "members";
    return undefined;
  }
  const fault = char === '"' ? readString(reader) : readScalar(reader);
  if (fault === undefined) afterValue(reader);
  return fault;
}

function readScalar(reader: Reader): string | undefined {
  const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
  scalar.lastIndex = reader.at;
  const found = scalar.exec(reader.text)?.[0];
  if (found === undefined) return expectations[reader.state];
  reader.at += found.length;
  return undefined;
}

function readString(reader: Reader): string | undefined {
  const { text } = reader;
  for (reader.at++; reader.at < text.length; reader.at++) {
    const char = text[reader.at] ?? "";
    if (char === '"') {
      reader.at++;
      return undefined;
    }
    if (char < " ") return "a control character written as an escape such as \\n";
    if (char !== "\\") continue;
    const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
    escape.lastIndex = reader.at;
    const found = escape.exec(text)?.[0];
    if (found === undefined) return 'an escape such as \\n, \\" or \\u00e9';
    reader.at += found.length - 1;
  }
  return 'a closing "';
}
