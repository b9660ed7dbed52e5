import { Failure } from "../../../kernel/failure.ts";
import type { Context } from "../../../registry/context.ts";
import { credential, unrevoked, type CredentialRow } from "./credential.ts";
import type { StoredKind } from "./credential-form.ts";

const rowsPerRead = 1_000;
/** Fewer than the records of one commit. No workspace comes to have as many, since credentials are limited. */
const unrevokedMax = 3_500;

/**
 * Every credential of these kinds that is not revoked, of those that match the indexes `where`.
 *
 * @throws Failure conflict when there are too many to revoke at once
 */
export async function unrevokedOf(
  { unit }: Pick<Context, "unit">,
  kinds: readonly StoredKind[],
  where: Readonly<Record<string, string>>,
): Promise<readonly CredentialRow[]> {
  const found: CredentialRow[] = [];
  for (const kind of kinds)
    for (let after: CredentialRow | undefined; ;) {
      const rows = await unit.find(credential, {
        where: { ...unrevoked(kind), ...where },
        limit: rowsPerRead,
        ...(after && { after }),
      });
      found.push(...rows);
      if (found.length > unrevokedMax)
        throw new Failure("conflict", `More than ${unrevokedMax} credentials are not revoked.`, {
          hint: "Revoke some first: list_credentials shows them.",
        });
      after = rows.at(-1);
      if (rows.length < rowsPerRead) break;
    }
  return found;
}
