import type { Person } from "../surfaces/oauth-world.ts";

/** What every client is put through, in this order. */
export const steps = ["connect", "list", "call", "read", "prompt"] as const;
export type Step = (typeof steps)[number];

/** With what it comes. */
export type Authority =
  | { readonly kind: "key"; readonly key: string }
  /** Nothing but the address: it signs in through this person's browser. */
  | { readonly kind: "oauth"; readonly person: Person };

export const authorities = ["key", "oauth"] as const;

/** A connection, as far as the matrix uses one; each answers what the client made of the server's answer. */
export type Connection = {
  /** Names of tools. */
  list(): Promise<readonly string[]>;
  /** The result as the client hands it on, with structured content where the client keeps it, else its text. */
  call(tool: string, input: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** The text of the one content. */
  read(uri: string): Promise<string>;
  /** The text of the one message. */
  prompt(name: string, input: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
};

/** A client from npm that knows nothing of this server. */
export type Client = {
  readonly name: string;
  readonly path: "/api/mcp" | "/mcp" | "/mcp/sse";
  /** What the client has no way to do, whatever the server. */
  readonly lacks: readonly (Step | (typeof authorities)[number])[];
  /** Why it cannot run on this machine, or null. */
  readonly missing: string | null;
  connects(url: URL, by: Authority): Promise<Connection>;
};
