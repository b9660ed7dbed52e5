import { z } from "zod";

const texts = (one: z.ZodString) => z.array(one).min(1).max(20);
const glob = z.string().min(1).max(200);

/** Which requests a rule is about: all that is given must hold. */
export const SelectionForm = z
  .strictObject({
    methods: texts(z.string().regex(/^[A-Z][A-Z0-9_-]{0,39}$/, "a method in upper case")).exactOptional(),
    path: glob.exactOptional().describe("Such as `/health*` or `/users/*/card`; `**` crosses slashes."),
    host: glob.exactOptional(),
    userAgent: glob.exactOptional(),
    statuses: texts(
      z.string().regex(/^[1-5](\d\d|xx)$/, "a status such as 404, or a class such as 5xx"),
    ).exactOptional(),
    ip: z
      .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])
      .exactOptional()
      .describe("An address or a CIDR."),
    header: z.strictObject({ name: z.string().min(1).max(100), value: glob.exactOptional() }).exactOptional(),
  })
  .refine((it) => Object.keys(it).length > 0, "give at least one condition")
  .meta({ examples: [{ path: "/health/*" }] });

export type SelectionForm = z.output<typeof SelectionForm>;
