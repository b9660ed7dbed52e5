import { Failure } from "../../kernel/failure.ts";
import type { Principal } from "../../kernel/principal.ts";

/** The changes of a workspace are not told apart by environment or bucket. @throws Failure forbidden */
export function refuseConfined({ confines }: Principal): void {
  if (confines.environment === undefined && confines.buckets === undefined) return;
  throw new Failure("forbidden", "This credential is confined to a part of the workspace.", {
    hint: "Changes are listed and undone with a credential for the whole workspace.",
  });
}
