import { z } from "zod";
import { resource, type Row } from "../../../registry/resource.ts";
import { Role } from "./role.ts";

/** Of one workspace. */
export const membersMax = 1_000;

/** A user's part in one workspace. */
export const member = resource({
  kind: "member",
  prefix: "mem",
  shape: z.object({ user: z.string(), role: Role }),
  keys: ({ user }) => ({ user }),
  indexes: ({ role }) => ({ role }),
});

export type MemberRow = Row<(typeof member)["shape"]>;
