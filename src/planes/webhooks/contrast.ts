import type { z } from "zod";
import type { AttemptLine, LogLine } from "./log-view.ts";

export type Logged = z.output<typeof LogLine> & {
  readonly lastAttempts: readonly z.output<typeof AttemptLine>[];
};

export type Contrast = {
  readonly failures: number;
  readonly successes: number;
  /** Why attempts failed, most frequent first. */
  readonly errors: readonly { readonly error: string; readonly count: number }[];
  /** Traits whose share among failures is at least 20 points above that among successes, strongest first. */
  readonly moreFrequentInFailures: readonly {
    readonly trait: string;
    readonly ofFailures: number;
    readonly ofSuccesses: number;
  }[];
  /** When the newest success and the oldest listed failure were received. */
  readonly lastSuccessAt: string | null;
  readonly firstFailureAt: string | null;
};

const difference = 0.2;
const shown = 10;

/** What failed deliveries have in common that delivered ones have not. Plain counting: it invents no cause. */
export function contrast(failures: readonly Logged[], successes: readonly Logged[]): Contrast {
  const failed = shares(failures);
  const delivered = shares(successes);
  return {
    failures: failures.length,
    successes: successes.length,
    errors: [...counts(failures.map(({ lastAttempts }) => lastAttempts.at(-1)?.error ?? "unknown"))]
      .map(([error, count]) => ({ error, count }))
      .toSorted((a, b) => b.count - a.count)
      .slice(0, shown),
    moreFrequentInFailures:
      successes.length === 0
        ? []
        : [...failed]
            .map(([trait, ofFailures]) => ({ trait, ofFailures, ofSuccesses: delivered.get(trait) ?? 0 }))
            .filter((it) => it.ofFailures - it.ofSuccesses >= difference)
            .toSorted((a, b) => b.ofFailures - b.ofSuccesses - (a.ofFailures - a.ofSuccesses))
            .slice(0, shown),
    lastSuccessAt: successes[0]?.receivedAt ?? null,
    firstFailureAt: failures.at(-1)?.receivedAt ?? null,
  };
}

function shares(logs: readonly Logged[]): ReadonlyMap<string, number> {
  const traits = counts(logs.flatMap(traitsOf));
  return new Map([...traits].map(([trait, count]) => [trait, Number((count / logs.length).toFixed(2))]));
}

function traitsOf({ method, verification, bytes, untrusted, lastAttempts }: Logged): readonly string[] {
  const last = lastAttempts.at(-1);
  return [
    `event type ${untrusted.eventType ?? "unknown"}`,
    `method ${method}`,
    verification ?? "not verified",
    `body of ${bytes < 1_024 ? "under 1 KiB" : bytes < 65_536 ? "1 to 64 KiB" : "over 64 KiB"}`,
    ...(last === undefined
      ? []
      : [`answer ${last.status ?? "none"}`, `took ${last.durationMs < 1_000 ? "under 1 s" : "over 1 s"}`]),
  ];
}

function counts(texts: readonly string[]): ReadonlyMap<string, number> {
  const map = new Map<string, number>();
  for (const text of texts) map.set(text, (map.get(text) ?? 0) + 1);
  return map;
}
