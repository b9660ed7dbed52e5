import fc from "fast-check";
import { planes } from "../../src/planes/planes.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { foreignInputs } from "./foreign-inputs.ts";
import { ownSession, type OfSession, type Posted } from "./mcp-teller.ts";
import type { Stranger } from "./strangers.ts";

const documents = planes.flatMap((plane) => plane.documents);
const prompts = planes.flatMap((plane) => plane.prompts);

type Asking = Pick<Posted, "method" | "params">;

/** Calls of the tool that an operation is. */
export function toolCalls(it: Operation, somebody: Stranger): fc.Arbitrary<Posted> {
  const calls = foreignInputs(it, somebody).map((input) => ({
    method: "tools/call",
    params: { name: it.name, arguments: input },
  }));
  return posted(calls, somebody);
}

/** Everything else: documents read and followed, what is completed, prompts, and what sessions are asked. */
export function otherCalls(somebody: Stranger): fc.Arbitrary<Posted | OfSession> {
  const value = namedBy(somebody);
  const uris = documents.flatMap(({ uri, aliases }) => [uri, ...aliases]);
  const uri = fc
    .tuple(fc.constantFrom(...uris), value)
    .map(([template, text]) => template.replaceAll(/\{\w+\}/g, encodeURIComponent(text.toWellFormed())));
  const read = uri.map((it) => ({ method: "resources/read", params: { uri: it } }));
  const followed = fc
    .tuple(fc.constantFrom("resources/subscribe", "resources/unsubscribe"), uri)
    .map(([method, it]) => ({ method, params: { uri: it } }));
  const listened = fc.array(uri, { minLength: 1, maxLength: 3 }).map((them) => ({
    method: "subscriptions/listen",
    params: { notifications: { resourceSubscriptions: them } },
  }));
  const listed = fc
    .constantFrom("tools/list", "resources/list", "resources/templates/list", "prompts/list", "ping")
    .map((method) => ({ method, params: {} }));
  const { session } = somebody.other;
  const ofSession = fc
    .constantFrom("GET" as const, "DELETE" as const)
    .map((verb): OfSession => ({ verb, session }));
  const message = fc.oneof(read, completed(value), prompted(value), listed);
  return fc.oneof(
    { weight: 12, arbitrary: posted(message, somebody) },
    { weight: 2, arbitrary: posted(followed, somebody).map((it) => ({ ...it, ...inOwnSession })) },
    { weight: 2, arbitrary: posted(listened, somebody).map((it) => ({ ...it, ...modernly })) },
    { weight: 1, arbitrary: ofSession },
  );
}

const inOwnSession = { at: "/mcp", modern: false, session: ownSession } as const;
const modernly = { at: "/mcp", modern: true, session: null } as const;

/** At every address and in every way that a message can come. */
function posted(asking: fc.Arbitrary<Asking>, { other, known }: Stranger): fc.Arbitrary<Posted> {
  const workspaces = (known["workspaceId"] ?? []).filter((it) => typeof it === "string");
  return fc
    .record({
      asking,
      at: fc.constantFrom("/api/mcp" as const, "/mcp" as const),
      modern: fc.boolean(),
      session: mostly(null, fc.constantFrom(ownSession, other.session)),
      workspace: mostly(null, fc.constantFrom(...workspaces)),
    })
    .map(({ asking: it, at, modern, session, workspace }) => ({
      ...it,
      at,
      modern,
      // Only one address has sessions, and the latest revision has none.
      session: at === "/mcp" && !modern ? session : null,
      workspace,
    }));
}

function mostly<T>(usual: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
}

/** Texts of what exists, whole and begun, and some that name nothing. */
function namedBy({ known, secret }: Stranger): fc.Arbitrary<string> {
  const texts = Object.values(known)
    .flat()
    .filter((value) => typeof value === "string");
  return fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...texts) },
    { weight: 2, arbitrary: fc.constantFrom(...secret) },
    { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
  );
}

function completed(value: fc.Arbitrary<string>): fc.Arbitrary<Asking> {
  const places = [
    ...documents.flatMap(({ uri: template, suggests = {} }) =>
      Object.keys(suggests).map((name) => ({ ref: { type: "ref/resource", uri: template }, name })),
    ),
    ...prompts.flatMap(({ name: prompt, suggests = {} }) =>
      Object.keys(suggests).map((name) => ({ ref: { type: "ref/prompt", name: prompt }, name })),
    ),
  ];
  return fc
    .tuple(fc.constantFrom(...places), fc.oneof(fc.constant(""), value), fc.constantFrom(0, 1, 3, 6, 12, 40))
    .map(([{ ref, name }, text, length]) => ({
      method: "completion/complete",
      params: { ref, argument: { name, value: text.slice(0, length) } },
    }));
}

function prompted(value: fc.Arbitrary<string>): fc.Arbitrary<Asking> {
  return fc
    .tuple(fc.constantFrom(...prompts), value, value)
    .map(([{ name, arguments: shape }, first, second]) => ({
      method: "prompts/get",
      params: {
        name,
        arguments: Object.fromEntries(
          Object.keys(shape.shape).map((argument, i) => [argument, i === 0 ? first : second]),
        ),
      },
    }));
}
