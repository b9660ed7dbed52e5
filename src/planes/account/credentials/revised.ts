import { z } from "zod";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import type { Unit } from "../../../registry/unit.ts";
import { credential, type CredentialRow } from "./credential.ts";
import { fields } from "./new-credential.ts";

/** What of a credential can be changed, once it was made. */
export const revision = z.object({
  credentialId: z.string().max(100),
  name: fields.name.optional(),
  toolsets: fields.toolsets.optional(),
  expectedVersion,
});

/** @throws Failure conflict when it is not at the version that was expected */
export function revised(
  unit: Unit,
  row: CredentialRow,
  { name, toolsets, expectedVersion: expected }: z.output<typeof revision>,
): CredentialRow {
  refuseOtherVersion(row, expected, "credential");
  const { value } = row;
  const next = { ...value, name: name ?? value.name, toolsets: toolsets ?? value.toolsets };
  return unit.update(credential, row, next);
}
