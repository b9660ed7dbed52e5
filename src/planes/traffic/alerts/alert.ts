import { z } from "zod";
import { resource, type Row } from "../../../registry/resource.ts";
import { Watch } from "./watch.ts";

/** Live ones of a workspace. */
export const alertsMax = 50;
/** The secret that notifications are signed with, by its name among the record's. */
export const signing = "signing";

/** A condition of traffic that somebody is told of. */
export const alert = resource({
  kind: "alert",
  prefix: "alr",
  shape: z.object({
    name: z.string(),
    watch: Watch,
    /** null = all. */
    environment: z.string().nullable(),
    /** A name; null = all. */
    bucket: z.string().nullable(),
    /** A route or a path; null = all. */
    path: z.string().nullable(),
    windowMinutes: z.int(),
    /** For how long all must be well again before it is said to be. */
    resolveAfterMinutes: z.int(),
    /** How often it is said again while it lasts; null = never. */
    remindHours: z.int().nullable(),
    targetUrl: z.string(),
    isActive: z.boolean(),
  }),
  secrets: [signing],
  // Whoever knows the address of a chat's hook may write there.
  masked: ["targetUrl"],
  keys: ({ name }) => ({ name }),
  most: () => alertsMax,
});

export type Alert = z.output<(typeof alert)["shape"]>;
export type AlertRow = Row<(typeof alert)["shape"]>;
