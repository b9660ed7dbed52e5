import type { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { Email, PersonName } from "../people/users.ts";
import type { Form } from "./page-request.ts";

/**
 * What a person wrote of themselves. An email that is known already stays.
 *
 * @throws Failure invalid that says which field is wrong
 */
export function filled(
  form: Form,
  { email }: { readonly email: string | null },
): { readonly name: string; readonly email: string } {
  return {
    name: read(PersonName, form("name"), "name"),
    email: email ?? read(Email, form("email"), "email"),
  };
}

function read<T>(schema: z.ZodType<T>, text: string, name: string): T {
  const { data, error } = schema.safeParse(text);
  if (error === undefined) return data;
  throw new Failure("invalid", error.issues[0]?.message ?? `The ${name} is not usable.`, {
    pointer: `/${name}`,
  });
}
