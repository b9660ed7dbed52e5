import { z } from "zod";

const first = Date.UTC(2000, 0, 1);
const last = Date.UTC(2100, 0, 1);

/** A moment as callers give it: ISO 8601 with its offset, from 2000 to 2099, so that every window around it has a date. */
export const moment = z.iso
  .datetime({ offset: true })
  .refine(
    (text) => Date.parse(text) >= first && Date.parse(text) < last,
    "Must lie in the years 2000 to 2099",
  );
