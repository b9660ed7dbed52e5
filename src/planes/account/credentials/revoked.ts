import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { expectedVersion } from "../../../registry/expected-version.ts";
import type { Context } from "../../../registry/context.ts";
import type { Unit } from "../../../registry/unit.ts";
import { credential, type CredentialRow } from "./credential.ts";

/** What revoking one takes. */
export const revocation = z.object({ credentialId: z.string().max(100), expectedVersion });

/** @throws Failure not_found at `/credentialId`, the same for a key of others as for one that never was */
export async function ownKeyOf({
  unit,
  principal,
  id,
}: Pick<Context, "unit" | "principal"> & { readonly id: string }): Promise<CredentialRow> {
  const row = await credentialOf(unit, id);
  if (row.value.owner !== principal.actor.id) throw noCredential();
  return row;
}

/** @throws Failure not_found at `/credentialId` */
export async function credentialOf(unit: Unit, id: string): Promise<CredentialRow> {
  const row = await unit.get(credential, id);
  if (row === undefined) throw noCredential();
  return row;
}

function noCredential(): Failure {
  return new Failure("not_found", "No such credential.", {
    pointer: "/credentialId",
    hint: "list_credentials and list_personal_keys show the ids; they begin with key_.",
  });
}

/** The credential once it is revoked, which it may have been before. */
export function revoked(unit: Unit, row: CredentialRow, now: number): CredentialRow {
  if (row.value.revokedAt !== null) return row;
  return unit.update(credential, row, { ...row.value, revokedAt: now });
}
