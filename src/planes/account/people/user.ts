import { z } from "zod";
import { resource, type Row } from "../../../registry/resource.ts";

/** A person. Users belong to the server, not to a workspace: one may be a member of several. */
export const user = resource({
  kind: "user",
  prefix: "usr",
  shape: z.object({
    name: z.string(),
    /** In lower case; null until the person has given one. */
    email: z.string().nullable(),
    /** Who they are to an external OpenID provider: its issuer, a space, and the subject there. */
    external: z.string().nullable(),
  }),
  /** A PHC string of argon2id. */
  secrets: ["password"],
  globalKeys: ({ email, external }) => ({
    ...(email !== null && { email }),
    ...(external !== null && { external }),
  }),
});

export type UserRow = Row<(typeof user)["shape"]>;
