import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { quoted } from "../../kernel/quoted.ts";
import type { Engines } from "../../registry/engines.ts";
import type { Caller } from "../../registry/invoke.ts";
import type { Operation } from "../../registry/operation.ts";
import type { Document } from "../../registry/plane.ts";
import { parseParams, type Params } from "./json-rpc.ts";
import { readInOneWorkspace } from "./one-workspace.ts";
import { isTemplate, uriMatcher, type UriMatch } from "./uri-template.ts";
import { shows } from "./view.ts";

export type Resources = {
  readonly list: (caller: Caller) => { readonly resources: readonly object[] };
  readonly listTemplates: (caller: Caller) => object;
  readonly read: (params: Params | undefined, caller: Caller) => Promise<object>;
  /** What may change a document; undefined when it cannot be followed, or is none. */
  readonly follows: (uri: string) => Document["follows"];
};

const mimeType = "application/json";
const ReadParams = z.object({ uri: z.string() });

type Readable = {
  readonly document: Document;
  readonly operation: Operation;
  readonly matchers: readonly ((uri: string) => UriMatch | undefined)[];
};

/**
 * One resource, or resource template, for each document. Throws at start when a document names an operation that is
 * not there or that does more than read.
 */
export function resourcesOf(
  documents: readonly Document[],
  operations: ReadonlyMap<string, Operation>,
  engines: Engines,
): Resources {
  const readables = documents.map((document): Readable => {
    const operation = operations.get(document.operation);
    if (operation?.effect !== "read")
      throw new Error(`document ${document.name} names ${document.operation}, which is no read operation`);
    return { document, operation, matchers: [document.uri, ...document.aliases].map(uriMatcher) };
  });
  const shown = (caller: Caller): readonly Document[] =>
    readables.filter(({ operation }) => shows(operation, caller)).map(({ document }) => document);

  return {
    list: (caller) => ({
      resources: shown(caller)
        .filter(({ uri }) => !isTemplate(uri))
        .map(({ uri, name, title, does }) => ({ uri, name, title, description: does, mimeType })),
    }),
    listTemplates: (caller) => ({
      resourceTemplates: shown(caller)
        .filter(({ uri }) => isTemplate(uri))
        .map(({ uri, name, title, does }) => ({
          uriTemplate: uri,
          name,
          title,
          description: does,
          mimeType,
        })),
    }),
    read: async (params, caller) => {
      const { uri } = parseParams(ReadParams, params);
      const found = find(readables, uri);
      if (found === undefined) throw unknownResource(uri, shown(caller));
      const output = await readInOneWorkspace(found.operation, found.input, caller, engines);
      return { contents: [{ uri, mimeType, text: JSON.stringify(output) }] };
    },
    follows: (uri) => find(readables, uri)?.document.follows,
  };
}

type Found = { readonly document: Document; readonly operation: Operation; readonly input: UriMatch };

function find(readables: readonly Readable[], uri: string): Found | undefined {
  for (const { document, operation, matchers } of readables) {
    const match = matchers.map((matches) => matches(uri)).find((it) => it !== undefined);
    if (match === undefined) continue;
    const input = Object.entries(match).map(([name, value]): [string, string] => [
      document.variables[name] ?? name,
      value,
    ]);
    return { document, operation, input: Object.fromEntries(input) };
  }
  return undefined;
}

function unknownResource(uri: string, shown: readonly Document[]): Failure {
  return new Failure("not_found", `There is no resource ${quoted(uri)}.`, {
    pointer: "/params/uri",
    allowed: shown.map((it) => it.uri),
    hint: "Call resources/list and resources/templates/list for the addresses.",
  });
}
