import { isDeepStrictEqual } from "node:util";
import { Failure } from "../../kernel/failure.ts";
import { quoted } from "../../kernel/quoted.ts";
import { readTexts } from "../../registry/coerce.ts";
import { fieldsOf } from "../../registry/field.ts";
import type { Operation } from "../../registry/operation.ts";
import { pointerOf } from "../../registry/parse.ts";
import { versionIn } from "./entity-tag.ts";
import { jsonBody } from "./json-body.ts";

/** What a write takes from its query; everything else it takes from its body. */
const queryOfWrites: ReadonlySet<string> = new Set(["dryRun", "workspaceId"]);

/**
 * The input of an operation as one request gives it: path parameters, then the query (GET and DELETE: any field),
 * then the JSON body (all but GET). Text is read by the kinds of value its field takes; fields nobody knows are kept,
 * so that the schema can refuse them by name.
 *
 * @throws Failure invalid when one field is given two different values, or the address is not valid UTF-8
 */
export async function rawInput(
  it: Operation,
  path: Readonly<Record<string, string>>,
  request: Request,
): Promise<object> {
  const given = new Map<string, { readonly value: unknown; readonly where: string }>();
  function take(where: string, members: Iterable<readonly [string, unknown]>): void {
    for (const [name, value] of members) {
      const earlier = given.get(name);
      if (earlier !== undefined && !isDeepStrictEqual(earlier.value, value))
        throw new Failure(
          "invalid",
          `${quoted(name)} differs between the ${earlier.where} and the ${where}.`,
          {
            pointer: pointerOf([name]),
            hint: `Give ${quoted(name)} once.`,
          },
        );
      given.set(name, { value, where });
    }
  }
  const url = new URL(request.url);
  refuseBrokenEscapes(url.pathname, "path");
  refuseBrokenEscapes(url.search, "query");
  take("path", read(it, new Map(Object.entries(path).map(([name, text]) => [name, [text]]))));
  take("query", read(it, queryOf(it, url.searchParams)));
  refuseIfNoneMatch(it, request.headers);
  take("If-Match header", expectedVersion(it, request.headers));
  if (it.verb !== "GET") take("body", Object.entries(await jsonBody(request)));
  return Object.fromEntries([...given].map(([name, { value }]) => [name, value]));
}

type Texts = ReadonlyMap<string, readonly string[]>;

function read(it: Operation, texts: Texts): readonly (readonly [string, unknown])[] {
  const fields = new Map(fieldsOf(it).map((field) => [field.name, field]));
  return [...texts].map(([name, values]) => {
    const field = fields.get(name);
    return [name, field === undefined ? values[0] : readTexts(field, values, "split")];
  });
}

function queryOf(it: Operation, query: URLSearchParams): Texts {
  const texts = new Map<string, string[]>();
  for (const [name, text] of query) texts.set(name, [...(texts.get(name) ?? []), text]);
  if (it.verb === "GET" || it.verb === "DELETE") return texts;
  const misplaced = [...texts.keys()].find((name) => !queryOfWrites.has(name));
  if (misplaced === undefined) return texts;
  throw new Failure("invalid", `${quoted(misplaced)} does not belong in the query of a ${it.verb}.`, {
    pointer: pointerOf([misplaced]),
    allowed: [...queryOfWrites],
    hint: "Send it as a member of the JSON body.",
  });
}

/** `If-Match: "3"` is another way to say `expectedVersion: 3`, where an operation takes that. */
function expectedVersion(it: Operation, headers: Headers): readonly (readonly [string, number])[] {
  const tag = headers.get("if-match");
  if (tag === null || tag === "*") return [];
  const version = versionIn(tag);
  if (version !== undefined && "expectedVersion" in it.input.shape) return [["expectedVersion", version]];
  throw new Failure(
    "invalid",
    version === undefined
      ? "If-Match is not an ETag of this API."
      : `${it.name} does not take If-Match: what it changes has no version.`,
    { hint: 'Send the ETag of an earlier answer, such as "3", or leave If-Match out.' },
  );
}

/** Ignored, it would let a caller believe that nothing is overwritten. */
function refuseIfNoneMatch({ verb }: Operation, headers: Headers): void {
  if (verb === "GET" || !headers.has("if-none-match")) return;
  throw new Failure("invalid", "If-None-Match is understood by GET alone.", {
    hint: "Send If-Match with the ETag of an earlier answer to change what has not changed since.",
  });
}

/** URL parsing puts U+FFFD where bytes are no UTF-8; the caller should know instead. */
function refuseBrokenEscapes(text: string, where: string): void {
  try {
    decodeURIComponent(text);
  } catch {
    throw new Failure("invalid", `The ${where} holds a % that is no escape of UTF-8.`, {
      hint: "Percent-encode the UTF-8 bytes of each value; a plain % is %25.",
    });
  }
}
