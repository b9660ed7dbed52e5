import { z } from "zod";
import { planeNames, type PlaneName } from "../../../kernel/exchange.ts";
import type { CredentialKind } from "../../../kernel/principal.ts";

/** The kinds of credential that are kept in the store under a hash. */
export const StoredKind = z.enum(["api-key", "personal-key", "mcp-token", "management-token"]);

export type StoredKind = z.output<typeof StoredKind>;

/** Whose tools are listed: the planes there are, and those that are to come. */
export const Toolset = z.enum(planeNames);

/** Whose tools a credential lists unless another view is chosen; a management token those that its scopes are for. */
export const usualToolsets = {
  "api-key": ["webhooks"],
  "personal-key": ["pipeline", "webhooks"],
  "mcp-token": ["traffic"],
  oauth: ["pipeline", "webhooks"],
} as const satisfies Partial<Record<CredentialKind, readonly PlaneName[]>>;

/** What tells a kind of credential from the others. */
export type CredentialForm = {
  readonly title: string;
  /** Of the secret part. */
  readonly prefix: string;
  /** The whole text as it is sent. */
  readonly pattern: RegExp;
  /** For whoever sent something else. */
  readonly looks: string;
};

/** `mk_` keys are taken without their check character too, since the first one may be chosen. */
export const forms: Readonly<Record<StoredKind, CredentialForm>> = {
  "api-key": {
    title: "API key",
    prefix: "mk_",
    pattern: /^mk_[0-9A-Za-z]{48,49}$/,
    looks: "An API key is mk_ and 49 letters and digits, 52 characters in all.",
  },
  "personal-key": {
    title: "personal key",
    prefix: "",
    pattern: /^key_[0-9A-Za-z]{22}:[0-9A-Za-z]{49}$/,
    looks: "A personal key is its id, a colon, and 49 letters and digits.",
  },
  "mcp-token": {
    title: "MCP token",
    prefix: "mt_",
    pattern: /^mt_[0-9A-Za-z]{49}$/,
    looks: "An MCP token is mt_ and 49 letters and digits.",
  },
  "management-token": {
    title: "management token",
    prefix: "mgt_",
    pattern: /^mgt_[0-9A-Za-z]{49}$/,
    looks: "A management token is mgt_ and 49 letters and digits.",
  },
};

/** The kind that a text looks like, by its whole form. */
export function kindOf(text: string): StoredKind | undefined {
  return StoredKind.options.find((kind) => forms[kind].pattern.test(text));
}

/** The kind that a text seems meant to be, though something is wrong with it. */
export function kindMeant(text: string): StoredKind | undefined {
  if (/^key_[0-9A-Za-z]*:/.test(text)) return "personal-key";
  return StoredKind.options.find((kind) => forms[kind].prefix !== "" && text.startsWith(forms[kind].prefix));
}
