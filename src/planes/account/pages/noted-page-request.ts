import type { RawRequest } from "../../../engines/inbound/inbound.ts";
import { NotedRefusal } from "../noted-refusal.ts";
import type { SecurityNote } from "../security-note.ts";
import { pageRequest, type PageRequest } from "./page-request.ts";

/** As `pageRequest`; that another site sent a form is noted. */
export async function notedPageRequest(
  note: SecurityNote,
  request: RawRequest,
  parameters: PageRequest["parameters"],
): Promise<PageRequest> {
  try {
    return await pageRequest(request, parameters);
  } catch (error) {
    const { remoteAddress } = request;
    if (error instanceof NotedRefusal) note({ ...error.event, remoteAddress });
    throw error;
  }
}
