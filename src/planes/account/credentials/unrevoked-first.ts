import { z } from "zod";
import type { Context } from "../../../registry/context.ts";
import { newestFirst, type Source } from "../../../registry/list-page.ts";
import { useCollection } from "./credential-use.ts";
import { credential, unrevoked, type CredentialRow } from "./credential.ts";
import type { StoredKind } from "./credential-form.ts";
import { CredentialView, Use, viewOf } from "./credential-view.ts";

const Key = z.object({ revoked: z.boolean(), createdAt: z.int(), id: z.string().max(100) });
type Key = z.output<typeof Key>;

/** Which credentials: all of a workspace are of some of its kinds. */
export type Of = { readonly kinds: readonly StoredKind[]; readonly owner?: string };

/**
 * Credentials, newest first: at first those that work or did until they expired, of which there are not many, then the
 * revoked ones, of which there may be any number. One that is revoked between two pages may be on both.
 */
export function unrevokedFirst(
  context: Pick<Context, "unit" | "signal">,
  { kinds, owner }: Of,
): Source<CredentialRow, Key> {
  const whose = owner === undefined ? {} : { owner };
  const [only, ...more] = kinds;
  const ofKind = only === undefined || more.length > 0 ? {} : { kind: only };
  const revoked = newestFirst(context, credential, {
    where: { ...whose, ...ofKind },
    isSeen: ({ value }) => value.revokedAt !== null,
  });

  async function standing(after: Key | undefined, limit: number): Promise<readonly CredentialRow[]> {
    const found = await Promise.all(
      kinds.map((kind) =>
        newestFirst(context, credential, { where: { ...whose, ...unrevoked(kind) } }).read(after, limit),
      ),
    );
    return found.flat().toSorted(byAge).slice(0, limit);
  }

  return {
    key: Key,
    keyOf: ({ createdAt, id, value }) => ({ createdAt, id, revoked: value.revokedAt !== null }),
    async read(after, limit) {
      if (after?.revoked === true) return revoked.read(after, limit);
      const first = await standing(after, limit);
      return [...first, ...(first.length < limit ? await revoked.read(undefined, limit - first.length) : [])];
    },
  };
}

/** As the store orders records. */
function byAge(a: CredentialRow, b: CredentialRow): number {
  if (a.createdAt !== b.createdAt) return b.createdAt - a.createdAt;
  return a.id < b.id ? 1 : -1;
}

/** Their views, with their last use. */
export function withUse({
  unit,
  now,
}: Pick<Context, "unit" | "now">): (
  rows: readonly CredentialRow[],
) => Promise<readonly z.output<typeof CredentialView>[]> {
  return async (rows) => {
    const uses = await Promise.all(rows.map(({ id }) => unit.entry(useCollection, id)));
    return rows.map((row, i) => viewOf(row, now, Use.safeParse(uses[i]).data));
  };
}
