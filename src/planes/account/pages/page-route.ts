import type { RawAnswer, RawRequest, RawRoute } from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import { partsOf } from "../../../kernel/target.ts";
import type { SecurityNote } from "../security-note.ts";
import { failurePage } from "./failure-page.ts";
import { notedPageRequest } from "./noted-page-request.ts";
import type { PageRequest } from "./page-request.ts";

export type { PageRequest } from "./page-request.ts";

/** A page at a path, whose last part may be a parameter such as `:token`. */
export type PageAt = {
  readonly path: `/${string}`;
  /** @throws Failure shown as a page of its own */
  answer(request: PageRequest): Promise<RawAnswer>;
};

/** Routes to the pages; what is below their first part of the path and is none of them is a page that says so. */
export function pageRoutes(note: SecurityNote, pages: readonly PageAt[]): readonly RawRoute[] {
  const firsts = new Set(pages.map(({ path }) => `/${path.split("/")[1] ?? ""}`));
  const handle = (request: RawRequest): Promise<RawAnswer> => answerBy(note, pages, request);
  return [...firsts].flatMap((first) => [first, `${first}/`].map((prefix) => ({ prefix, handle })));
}

async function answerBy(
  note: SecurityNote,
  pages: readonly PageAt[],
  request: RawRequest,
): Promise<RawAnswer> {
  const { path } = partsOf(request.target);
  try {
    for (const page of pages) {
      const parameters = parametersOf(page.path, path);
      if (parameters !== undefined)
        return await page.answer(await notedPageRequest(note, request, parameters));
    }
    throw new Failure("not_found", "There is no such page.");
  } catch (error) {
    if (error instanceof Failure) return failurePage(error);
    throw error;
  }
}

function parametersOf(pattern: string, path: string): PageRequest["parameters"] | undefined {
  const at = pattern.indexOf(":");
  if (at === -1) return pattern === path ? {} : undefined;
  const value = path.slice(at);
  const found = path.startsWith(pattern.slice(0, at)) && /^[\w-]{1,200}$/.test(value);
  return found ? { [pattern.slice(at + 1)]: value } : undefined;
}
