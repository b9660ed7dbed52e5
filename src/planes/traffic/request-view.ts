import { z } from "zod";
import type { Exchange } from "../../kernel/exchange.ts";
import { redactedText, shownTarget } from "../../registry/redaction.ts";

/** A request as a list shows it. */
export const RequestLine = z.object({
  id: z.string(),
  number: z.string().nullable().describe("Short form of the id, such as `#42`."),
  at: z.iso.datetime(),
  kind: z.string(),
  method: z.string(),
  status: z.int().nullable().describe("null = there was no answer."),
  outcome: z.string(),
  durationMs: z.number(),
  environment: z.string(),
  bucket: z.string(),
  requestBytes: z.number().nullable(),
  responseBytes: z.number().nullable(),
  weight: z.number().describe("How many requests it stands for, if not all are recorded."),
  untrusted: z.object({
    host: z.string(),
    path: z.string(),
    route: z.string().nullable(),
    userAgent: z.string().nullable(),
    error: z.string().nullable().describe("Its kind."),
    message: z.string().nullable(),
  }),
});

export type RequestLine = z.output<typeof RequestLine>;

export function lineOf(exchange: Exchange): RequestLine {
  const { id, number, startedAt, kind, method, status, outcome, durationMs, environment, bucket } = exchange;
  const { error, facts, host, path, route } = exchange;
  return {
    id,
    number: number === null ? null : `#${number}`,
    at: new Date(startedAt).toISOString(),
    kind,
    method,
    status,
    outcome,
    durationMs: Number(durationMs.toFixed(3)),
    environment,
    bucket,
    requestBytes: numberOf(facts["requestBytes"] ?? facts["bytes"]),
    responseBytes: numberOf(facts["responseBytes"]),
    weight: Number(facts["weight"] ?? 1),
    untrusted: {
      host,
      path: shownTarget(path),
      route: route === "" ? null : route,
      userAgent: textOf(facts["userAgent"]),
      error,
      message: textOf(facts["message"] ?? facts["detail"]),
    },
  };
}

function numberOf(fact: string | number | boolean | undefined): number | null {
  return typeof fact === "number" ? fact : null;
}

function textOf(fact: string | number | boolean | undefined): string | null {
  return fact === undefined ? null : redactedText(String(fact));
}
