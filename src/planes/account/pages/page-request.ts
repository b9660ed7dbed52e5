import type { RawRequest } from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import { partsOf } from "../../../kernel/target.ts";
import { foreignForm } from "./foreign-form-refusal.ts";

/** A browser asks for a page, or sends a form of one. */
export type PageRequest = {
  readonly method: "GET" | "POST";
  readonly query: URLSearchParams;
  /** Of the path, by name. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly cookie: string | undefined;
  /** Where and with what it was sent: for the session and the audit. */
  readonly from: { readonly client: string; readonly remoteAddress: string };
  /** What was filled in; nothing with GET. */
  readonly form: Form;
};

/** The fields of a form; the first when one was sent several times, "" when it was not sent. */
export type Form = (name: string) => string;

/** More than any of our forms fills. */
const formBytesMax = 16 * 1024;
const fieldsMax = 200;

const problems = {
  too_large: new Failure("too_large", "This form is too large.", { allowed: `${formBytesMax} bytes` }),
  slow: new Failure("unavailable", "The form did not arrive in time.", { hint: "Send it again." }),
  busy: new Failure("unavailable", "There is too much under way.", { hint: "Send it again." }),
  broken: new Failure("invalid", "The form broke off.", { hint: "Send it again." }),
} as const;

/** @throws Failure method_not_allowed, unsupported_media, too_large, forbidden when another site sent the form */
export async function pageRequest(
  request: RawRequest,
  parameters: PageRequest["parameters"],
): Promise<PageRequest> {
  const { target, remoteAddress } = request;
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (method !== "GET" && method !== "POST")
    throw new Failure("method_not_allowed", "A page is read with GET, and its forms are sent with POST.");
  return {
    method,
    query: new URLSearchParams(partsOf(target).query),
    parameters,
    cookie: request.header("cookie"),
    from: { client: request.header("user-agent") ?? "", remoteAddress },
    form: method === "POST" ? await formOf(request) : () => "",
  };
}

async function formOf(request: RawRequest): Promise<Form> {
  // Browsers say who sends; the token in the form is what counts where they do not.
  const site = request.header("sec-fetch-site") ?? "same-origin";
  if (site !== "same-origin" && site !== "none")
    throw foreignForm("This form was sent by another site.", "Fill it in here.");
  const type = request.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded")
    throw new Failure("unsupported_media", "A form is sent as application/x-www-form-urlencoded.");
  const body = await request.body(formBytesMax);
  if (body.kind !== "whole") throw problems[body.kind];
  const fields = new URLSearchParams(body.bytes.toString("utf8"));
  if (fields.size > fieldsMax) throw problems.too_large;
  return (name) => fields.get(name) ?? "";
}
