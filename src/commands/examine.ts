import { Failure } from "../kernel/failure.ts";
import { problem, warning, type Check, type Finding, type Subject } from "./check.ts";
import { accounting } from "./checks/accounting.ts";
import { clock } from "./checks/clock.ts";
import { dataFolder } from "./checks/data-folder.ts";
import { deliveries } from "./checks/deliveries.ts";
import { disk } from "./checks/disk.ts";
import { names } from "./checks/names.ts";
import { outboundRules } from "./checks/outbound-rules.ts";
import { permissions } from "./checks/permissions.ts";
import { server } from "./checks/server.ts";
import { versions } from "./checks/versions.ts";
import { databaseChecks } from "./database-checks.ts";
import { fileChecks } from "./file-checks.ts";

/** In the order they are told. A new check is a file and a line here, or in one of the lists that are part of it. */
const checks: readonly Check[] = [
  dataFolder,
  permissions,
  disk,
  ...fileChecks,
  ...databaseChecks,
  versions,
  clock,
  server,
  names,
  outboundRules,
  deliveries,
  accounting,
];

export type Diagnosis = { readonly name: string } & Finding;

/** Every finding of every check, one check after another. `about` is told which comes next. */
export async function examine(
  subject: Subject,
  about: (name: string) => void,
): Promise<readonly Diagnosis[]> {
  const diagnoses: Diagnosis[] = [];
  for (const check of checks) {
    about(check.name);
    diagnoses.push(
      ...(await findingsOf(check, subject)).map((finding) => ({ name: check.name, ...finding })),
    );
  }
  return diagnoses;
}

async function findingsOf(check: Check, subject: Subject): Promise<readonly Finding[]> {
  try {
    return await check.look(subject);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const hint = error.detail.hint ?? "Look at the other findings first, then run it again.";
    return [
      error.kind === "forbidden"
        ? warning(`Not checked: ${error.message}`, hint)
        : problem(error.message, hint),
    ];
  }
}
