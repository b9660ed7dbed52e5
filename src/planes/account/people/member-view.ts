import { z } from "zod";
import type { Store } from "../../../engines/store/store.ts";
import { decodedRow } from "../../../registry/unit.ts";
import { serverScope } from "../../../registry/workspace.ts";
import type { MemberRow } from "./member.ts";
import { Role } from "./role.ts";
import { user } from "./user.ts";

export const MemberView = z.object({
  id: z.string(),
  user: z.object({ id: z.string(), name: z.string(), email: z.string().nullable() }),
  role: Role,
  createdAt: z.iso.datetime().describe("Since when they are a member."),
  version: z.int(),
});

export async function memberView(
  { records }: Pick<Store, "records">,
  { id, createdAt, value, version }: MemberRow,
): Promise<z.output<typeof MemberView>> {
  const stored = await records.get(serverScope, user.kind, value.user);
  const { name, email } = stored ? decodedRow(user, stored).value : { name: value.user, email: null };
  return {
    id,
    user: { id: value.user, name, email },
    role: value.role,
    createdAt: new Date(createdAt).toISOString(),
    version,
  };
}
