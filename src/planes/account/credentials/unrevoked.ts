import { Failure } from "../../../kernel/failure.ts";
import type { Context } from "../../../registry/context.ts";
import { credential, unrevoked, type CredentialRow } from "./credential.ts";
import { StoredKind } from "./credential-form.ts";

const rowsPerRead = 1_000;
/** Fewer than the records of one commit. A workspace has fewer since tokens are limited. */
const unrevokedMax = 3_500;

/**
 * Every credential of somebody in a workspace that is not revoked.
 *
 * @throws Failure conflict when there are too many to revoke at once
 */
export async function unrevokedOf(
  { unit }: Pick<Context, "unit">,
  owner: string,
): Promise<readonly CredentialRow[]> {
  const found: CredentialRow[] = [];
  for (const kind of StoredKind.options) {
    const where = { ...unrevoked(kind), owner };
    for (let after: CredentialRow | undefined; ;) {
      const rows = await unit.find(credential, { where, limit: rowsPerRead, ...(after && { after }) });
      found.push(...rows);
      if (found.length > unrevokedMax)
        throw new Failure("conflict", `They have more than ${unrevokedMax} credentials that are not revoked.`, {
          hint: "Revoke some first: list_credentials shows them.",
        });
      after = rows.at(-1);
      if (rows.length < rowsPerRead) break;
    }
  }
  return found;
}
