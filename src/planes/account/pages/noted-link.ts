import { Failure } from "../../../kernel/failure.ts";
import type { PageRequest } from "./page-request.ts";
import type { Parts } from "./parts.ts";

/** What a link is for; that there is none like it is noted, since links can be guessed at. @throws whatever `look` throws */
export async function notedLink<T>(
  { note }: Pick<Parts, "note">,
  { from }: Pick<PageRequest, "from">,
  look: () => Promise<T>,
): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof Failure && error.kind === "not_found")
      note({ operation: "link_refused", remoteAddress: from.remoteAddress });
    throw error;
  }
}
