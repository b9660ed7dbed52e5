import { z } from "zod";
import { Failure } from "../kernel/failure.ts";
import type { Row } from "./resource.ts";

/** What every operation that changes one record takes, so that nobody changes what he has not seen. Over REST it is `If-Match`. */
export const expectedVersion = z
  .int()
  .min(1)
  .optional()
  .describe("Change it only if it is still at this version.");

/** @throws Failure conflict when a version is expected that the record is not at; `noun` is what it is called */
export function refuseOtherVersion({ version }: Row, expected: number | undefined, noun: string): void {
  if (expected === undefined || expected === version) return;
  throw new Failure("conflict", `The ${noun} is at version ${version}, not ${expected}.`, {
    pointer: "/expectedVersion",
    hint: "Somebody changed it. Read it again, then decide.",
  });
}
