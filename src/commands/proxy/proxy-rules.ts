import { randomBytes } from "node:crypto";
import { z } from "zod";
import { defaultRules } from "../../../capture/default-rules.ts";
import { redactor, type Redactor } from "../../../capture/redactor.ts";
import { compileSelection, type Seen } from "../../../capture/selection.ts";
import type { GatewayHead } from "../../engines/inbound/gateway.ts";
import { block } from "../../planes/traffic/rules/block.ts";
import { exclusion } from "../../planes/traffic/rules/exclusion.ts";
import { redaction } from "../../planes/traffic/rules/redaction.ts";
import { sampling } from "../../planes/traffic/rules/sampling.ts";
import { valueOf } from "./forwarded.ts";

const id = z.string();

/** As `GET /capture/v1/settings` answers them. */
export const ProxySettings = z.object({
  revision: z.string(),
  environment: z.string(),
  bucket: z.string(),
  tokenKey: z.base64().refine((text) => Buffer.from(text, "base64").length === 32, "32 bytes"),
  bodyBytesMax: z
    .int()
    .min(0)
    .max(1024 * 1024),
  flushEveryMs: z.int().min(100).max(60_000),
  payloadsPerMinuteMax: z.int().min(0),
  redactions: z.array(redaction.shape.extend({ id })),
  exclusions: z.array(exclusion.shape.extend({ id })),
  samplings: z.array(sampling.shape.extend({ id })),
  blocks: z.array(block.shape.extend({ id })),
});

export type ProxySettings = z.output<typeof ProxySettings>;

/** Settings made ready for what passes. */
export type ProxyRules = Pick<
  ProxySettings,
  "bodyBytesMax" | "flushEveryMs" | "payloadsPerMinuteMax" | "samplings"
> & {
  /** What keeps secrets is known; until then only the shape of what passes is told. */
  readonly isKnown: boolean;
  readonly redactor: Redactor;
  excludes(seen: Seen): boolean;
  /** The first that matches. */
  blockOf(head: GatewayHead): { readonly status: number; readonly message: string } | undefined;
};

/** @throws InvalidRule for a rule that this version cannot compile */
export function proxyRules(settings: ProxySettings): ProxyRules {
  const { redactions, exclusions, blocks, tokenKey, ...rest } = settings;
  const excluded = exclusions.map(({ selection }) => compileSelection(selection));
  const blocking = blocks.map(({ selection, status, message }) => ({
    matches: compileSelection(selection),
    status,
    message,
  }));
  return {
    ...rest,
    isKnown: true,
    redactor: redactor([...defaultRules, ...redactions], Buffer.from(tokenKey, "base64")),
    excludes: (seen) => excluded.some((matches) => matches(seen)),
    blockOf(head) {
      const seen = {
        method: head.method,
        target: head.target,
        host: valueOf(head.headers, "host") ?? "",
        ip: head.remoteAddress,
        status: null,
        headers: head.headers,
      };
      return blocking.find(({ matches }) => matches(seen));
    },
  };
}

/** Before the server has answered for the first time. A key of the process's own: nothing can be joined with what it makes. */
export function unknownRules(): ProxyRules {
  return {
    isKnown: false,
    bodyBytesMax: 0,
    flushEveryMs: 10_000,
    payloadsPerMinuteMax: 3_000,
    samplings: [],
    redactor: redactor(defaultRules, randomBytes(32)),
    excludes: () => false,
    blockOf: () => undefined,
  };
}
