/** Something that ends when its signal fires. */
export type Abortable = { abort(): void };

/** One listener for each signal, however many follow it: adding one to a signal takes the longer the more it has. */
const followers = new WeakMap<AbortSignal, Set<Abortable>>();

/** Calls `abort` when the signal fires, unless `unfollow` comes first. */
export function follow(signal: AbortSignal, follower: Abortable): void {
  let all = followers.get(signal);
  if (all === undefined) {
    const made = new Set<Abortable>();
    signal.addEventListener("abort", () => made.forEach((each) => each.abort()), { once: true });
    followers.set(signal, (all = made));
  }
  all.add(follower);
}

export function unfollow(signal: AbortSignal, follower: Abortable): void {
  followers.get(signal)?.delete(follower);
}
