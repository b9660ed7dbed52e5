import { steadyMs } from "./clock.ts";

const firstMs = 1_000;
const mostMs = 60_000;
/** What a server asks for by `Retry-After` is heeded up to here. */
const askedMostMs = 300_000;

/** When to try again, after tries that failed: later each time, and never all agents at once. */
export class Backoff {
  #failures = 0;
  #notBefore = 0;

  get isDue(): boolean {
    return steadyMs() >= this.#notBefore;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#notBefore = 0;
  }

  /** `retryAfter` = the header, in seconds; forms other than that are passed over. */
  failed(retryAfter: string | undefined): void {
    const own = Math.min(firstMs * 2 ** this.#failures, mostMs) * (0.75 + Math.random() / 2);
    const asked = /^\d{1,6}$/.test(retryAfter ?? "")
      ? Math.min(Number(retryAfter) * 1_000, askedMostMs)
      : own;
    this.#failures += 1;
    this.#notBefore = steadyMs() + asked;
  }
}
