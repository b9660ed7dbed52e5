import type { Scope } from "../../kernel/principal.ts";
import type { Conversation } from "./conversation.ts";
import type { Params } from "./json-rpc.ts";

/**
 * What is served beside the operations, for what a registry of operations has no notion of: pictures and sounds, binary
 * documents, questions to whoever calls. The product itself serves none: docs/decisions/0027-conformance.md.
 */
export type Extras = {
  /** Who is shown them and may use them, whatever toolsets were asked for. */
  readonly scope: Scope;
  readonly tools: readonly ExtraTool[];
  readonly resources: readonly ExtraResource[];
  readonly prompts: readonly ExtraPrompt[];
};

export type ExtraTool = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** JSON Schema 2020-12, listed as it is; the tool parses its arguments itself. Its own members may have `x-mcp-header`. */
  readonly inputSchema: object;
  /** Changes nothing, so that connections which only read may call it. */
  readonly reads: boolean;
  /** @throws Failure for a failed result; RpcError; what else is thrown is a bug */
  call(args: Params, conversation: Conversation): Promise<object>;
};

export type ExtraResource = {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
  read(): Promise<{ readonly text: string } | { readonly blob: string }>;
};

export type ExtraPrompt = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly {
    readonly name: string;
    readonly description: string;
    readonly required: boolean;
  }[];
  /** Answers its messages. */
  get(args: Params, conversation: Conversation): Promise<readonly object[]>;
};
