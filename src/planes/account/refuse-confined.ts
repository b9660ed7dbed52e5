import { Failure } from "../../kernel/failure.ts";
import { isConfined, type Principal } from "../../kernel/principal.ts";

/** What is of the whole workspace is not told apart by environment or bucket. @throws Failure forbidden */
export function refuseConfined(principal: Principal, hint = changesHint): void {
  if (!isConfined(principal)) return;
  throw new Failure("forbidden", "This credential is confined to a part of the workspace.", {
    hint,
  });
}

const changesHint = "Changes are listed and undone with a credential for the whole workspace.";

/** Environments and buckets are made and deleted by whoever sees all of them. */
export const placesHint = "Environments and buckets are managed with a credential for the whole workspace.";

/** Credentials of other parts say which environments and buckets those are. */
export const credentialsHint = "Credentials are managed with one for the whole workspace.";
