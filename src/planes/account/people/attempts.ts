import { Failure } from "../../../kernel/failure.ts";
import { fingerprint } from "../../../kernel/secret.ts";
import type { Engines } from "../../../registry/engines.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const rememberedMax = 10_000;

/** One way of counting attempts: the first are free, and after each one more the wait is twice as long, up to a bound. */
type Count = { readonly free: number; readonly windowMs: number; readonly waitMsMax: number };

/**
 * One person at one place; one account from everywhere, so that many places cannot guess together; one place at all
 * accounts, which is short since everyone may come through one proxy.
 */
const counts = {
  pair: { free: 5, windowMs: dayMs, waitMsMax: 15 * minuteMs },
  account: { free: 20, windowMs: dayMs, waitMsMax: 15 * minuteMs },
  place: { free: 100, windowMs: hourMs, waitMsMax: minuteMs },
} as const satisfies Readonly<Record<string, Count>>;

export type Attempts = {
  /**
   * Counts an attempt to sign in, before anything is compared. What is answered is to be called when it succeeded.
   *
   * @throws Failure limited while the account or the address has to wait; then nothing is to be compared
   */
  begin(account: string, remoteAddress: string): Promise<Attempt>;
};

export type Attempt = {
  readonly succeeded: () => void;
};

/** What a process remembers of one key until its window ends. */
type Known = {
  readonly waitUntil: number;
  /** Attempts of the window that do not count, for they succeeded. */
  readonly forgiven: number;
  readonly windowEnd: number;
};

type Counted = { readonly key: string; readonly count: number; readonly windowEnd: number };

/**
 * Limits of guessing passwords. All processes of a database count together; how long to wait, each remembers by itself.
 * An account that has to wait can still be reached by a one-time link, and who is signed in stays so.
 */
export function attempts({ counters, clock }: Pick<Engines, "counters" | "clock">): Attempts {
  const known = new Map<string, Known>();

  function remember(key: string, of: Known): void {
    known.delete(key);
    const [oldest] = known.keys();
    if (known.size >= rememberedMax && oldest !== undefined) known.delete(oldest);
    known.set(key, of);
  }

  function refuseWaiting(key: string): void {
    const waitMs = (known.get(key)?.waitUntil ?? 0) - clock.now();
    if (waitMs <= 0) return;
    throw new Failure("limited", "There were too many attempts to sign in.", {
      retryAfterMs: waitMs,
      hint: "Wait a little, or sign in with a one-time link.",
    });
  }

  function forgivenOf({ key, windowEnd }: Pick<Counted, "key" | "windowEnd">): number {
    const it = known.get(key);
    return it?.windowEnd === windowEnd ? it.forgiven : 0;
  }

  async function counted(key: string, { free, windowMs, waitMsMax }: Count): Promise<Counted> {
    refuseWaiting(key);
    const { count, resetAt: windowEnd } = await counters.hit(key, free, windowMs);
    // Of those that came at the same moment, the first beyond what is free makes the others wait.
    refuseWaiting(key);
    const forgiven = forgivenOf({ key, windowEnd });
    const over = count - forgiven - free;
    const waitMs = Math.min(1_000 * 2 ** Math.min(over - 1, 30), waitMsMax);
    if (over > 0) remember(key, { waitUntil: clock.now() + waitMs, forgiven, windowEnd });
    return { key, count, windowEnd };
  }

  return {
    async begin(account, remoteAddress) {
      const place = await counted(`sign-in/place/${remoteAddress}`, counts.place);
      const pairKey = `sign-in/pair/${fingerprint(`${account} ${remoteAddress}`)}`;
      const pair = await counted(pairKey, counts.pair);
      const whole = await counted(`sign-in/account/${fingerprint(account)}`, counts.account);
      return {
        succeeded() {
          for (const { key, count, windowEnd } of [place, pair, whole]) {
            const forgiven = key === pairKey ? count : forgivenOf({ key, windowEnd }) + 1;
            remember(key, { waitUntil: 0, forgiven, windowEnd });
          }
        },
      };
    },
  };
}
