import { Failure } from "../../kernel/failure.ts";

/** Of one answer. */
export const rowsMax = 1_000;
/** A page with more content than this is refused, since it would be held in memory several times. */
export const pageBytesMax = 64 * 1024 * 1024;
/** Of one call of `attemptsOf`, or of `known`. */
const idsMax = 1_000;
/** Of each parent. */
export const attemptsMax = 50;
/**
 * With at most this many exchanges that carry a wanted ending, looking at each is cheaper than walking the list;
 * with more, the list soon meets enough of them.
 */
export const fewEndingsMax = 1_000;

/** @throws RangeError when the limit is not from 1 to `max`: a bug of the caller, who bounds what people ask for */
export function atMost(limit: number, max: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > max)
    throw new RangeError(`A limit of ${limit} is not from 1 to ${max}.`);
}

/** @throws RangeError when there are more ids than one call takes */
export function refuseManyIds(ids: readonly string[]): void {
  if (ids.length > idsMax) throw new RangeError(`${ids.length} ids are more than ${idsMax}.`);
}

/** @throws Failure too_large when a page's content does not fit an answer */
export function refuseTooLarge(rows: number, bytes: number): void {
  if (bytes > pageBytesMax)
    throw new Failure("too_large", `These ${rows} exchanges hold ${bytes} bytes of content.`, {
      allowed: `${pageBytesMax} bytes in one answer`,
      hint: "Ask for fewer exchanges at a time, or without their content.",
    });
}

export function foreignCursor(): Failure {
  return new Failure("invalid", "This cursor was not issued by this list.", {
    hint: "Pass the cursor of the previous page unchanged, or leave it out to start again.",
  });
}
