import { Failure } from "../../kernel/failure.ts";
import { isConfined, type Principal } from "../../kernel/principal.ts";

/** The changes of a workspace are not told apart by environment or bucket. @throws Failure forbidden */
export function refuseConfined(principal: Principal): void {
  if (!isConfined(principal)) return;
  throw new Failure("forbidden", "This credential is confined to a part of the workspace.", {
    hint: "Changes are listed and undone with a credential for the whole workspace.",
  });
}
