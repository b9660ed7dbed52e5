import { z } from "zod";
import { newId } from "../../../kernel/id.ts";
import type { Actor } from "../../../kernel/principal.ts";
import type { Secret } from "../../../kernel/secret.ts";
import type { Engines } from "../../../registry/engines.ts";
import { secretOwner } from "../../../registry/resource.ts";
import { decodedRow, unitOfWork, type Unit } from "../../../registry/unit.ts";
import { serverScope } from "../../../registry/workspace.ts";
import { user, type UserRow } from "./user.ts";

export const PersonName = z
  .string()
  .trim()
  .min(1, "A name is needed.")
  .max(100, "A name has at most 100 characters.")
  .regex(/^[^\p{Cc}]*$/u, "A name has no control characters.");

export const Email = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, "An email address has at most 254 characters.")
  .pipe(z.email("This is no email address."));

/** What changes of a user; what is left out stays. */
export type Given = {
  readonly value?: Partial<UserRow["value"]>;
  /** null removes it. */
  readonly password?: Secret | null;
};

/** What is done, and by whom unless the user did it. */
type Done = {
  readonly operation: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly by?: Actor;
};

/** The people of the server: each commit is audited with the user as its subject. */
export type Users = {
  byId(id: string): Promise<UserRow | undefined>;
  byEmail(email: string): Promise<UserRow | undefined>;
  /** `external` is what an OpenID provider knows them by. */
  byExternal(external: string): Promise<UserRow | undefined>;
  /** What is kept of the password; undefined when there is none. */
  passwordOf(row: UserRow): Secret | undefined;
  /** @throws Failure conflict when the email is taken */
  create(value: UserRow["value"], password: Secret | null, done: Done): Promise<UserRow>;
  /** @throws Failure conflict when the email is taken, or somebody changed the user meanwhile */
  update(row: UserRow, given: Given, done: Done): Promise<UserRow>;
};

export function users(engines: Pick<Engines, "store" | "vault" | "clock">): Users {
  const { records } = engines.store;
  const byKey = async (name: string, value: string): Promise<UserRow | undefined> => {
    const stored = await records.byGlobalKey(user.kind, name, value);
    return stored && decodedRow(user, stored);
  };
  return {
    async byId(id) {
      const stored = await records.get(serverScope, user.kind, id);
      return stored && decodedRow(user, stored);
    },
    byEmail: (email) => byKey("email", email),
    byExternal: (external) => byKey("external", external),
    passwordOf({ id, sealed }) {
      const kept = sealed[passwordName];
      return kept === undefined
        ? undefined
        : engines.vault.open(kept, secretOwner(serverScope, user.kind, id, passwordName));
    },
    create: (value, password, done) =>
      committed(engines, done, (unit) =>
        unit.create(user, value, password === null ? {} : { [passwordName]: password }),
      ),
    update: (row, { value, password }, done) =>
      committed(engines, done, (unit) =>
        unit.update(
          user,
          row,
          { ...row.value, ...value },
          password === undefined ? {} : { [passwordName]: password },
        ),
      ),
  };
}

/** Whether a user can sign in by themselves, without a link. */
export function canSignIn({ sealed, value }: UserRow): boolean {
  return hasPassword({ sealed }) || value.external !== null;
}

export function hasPassword({ sealed }: Pick<UserRow, "sealed">): boolean {
  return sealed[passwordName] !== undefined;
}

const [passwordName = "password"] = user.secrets;

async function committed(
  { store, vault, clock }: Pick<Engines, "store" | "vault" | "clock">,
  { operation, detail = {}, by }: Done,
  change: (unit: Unit) => UserRow,
): Promise<UserRow> {
  const at = clock.now();
  const unit = unitOfWork(serverScope, at, { store, vault });
  const row = change(unit);
  const { changes, ...written } = unit.written();
  await store.commit({
    ...written,
    workspace: serverScope,
    at,
    actor: by ?? { kind: "user", id: row.id },
    operation,
    audit: { id: newId("aud"), subjects: changes.map(({ id }) => id), detail },
  });
  return row;
}
