import { Failure } from "../../kernel/failure.ts";
import type { Context } from "../../registry/context.ts";

/**
 * What an environment or bucket is still used by stands in the way of its deletion, also when it is made at that moment.
 * `where` are the indexes by which records of every plane name their place.
 *
 * @throws Failure conflict that says what uses it
 */
export async function refuseUsed(
  { unit, catalogue }: Context,
  name: string,
  where: Readonly<Record<string, string>>,
): Promise<void> {
  for (const it of catalogue.resources.values()) {
    const [user] = await unit.find(it, { limit: 1, where });
    if (user !== undefined)
      throw new Failure("conflict", `"${name}" is still used by the ${it.kind} ${user.id}.`, {
        hint: "Delete or move what uses it first.",
      });
    unit.limit(it, 0, where);
  }
}
