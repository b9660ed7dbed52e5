import assert from "node:assert/strict";

/** What a page came to. */
export type Shown = {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** Without markup. */
  readonly text: string;
  readonly path: string;
  /** The address of another server that it leads on to, which is not followed. */
  readonly elsewhere: string | null;
};

type Fields = Readonly<Record<string, string>>;
type Sent = { readonly method?: string; readonly body?: string; readonly headers?: Fields };

/** A browser as far as pages without scripts need one: it keeps cookies, fills in forms and follows redirects. */
export type Browser = {
  readonly cookies: Map<string, string>;
  open(path: string): Promise<Shown>;
  /** Opens the page, fills in its form that is sent to `action` and sends it: hidden fields and what is filled in. */
  submit(page: string, fields: Fields, action?: string): Promise<Shown>;
  /** Sends fields that no form need have, and follows nothing. */
  post(path: string, fields: Fields | string, headers?: Fields): Promise<Shown>;
};

const redirectsMax = 5;

export function browser(url: string): Browser {
  const cookies = new Map<string, string>();

  async function send(path: string, init: Sent = {}): Promise<Shown> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { "user-agent": "an example browser", ...(cookie !== "" && { cookie }), ...init.headers };
    const response = await fetch(url + path, { ...init, headers, redirect: "manual" });
    for (const set of response.headers.getSetCookie()) {
      const [pair = "", ...attributes] = set.split("; ");
      const at = pair.indexOf("=");
      if (attributes.includes("Max-Age=0")) cookies.delete(pair.slice(0, at));
      else cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const html = await response.text();
    const text = plain(html.replace(/<style>[^]*?<\/style>/, "").replaceAll(/<[^>]*>/g, " "));
    return { status: response.status, headers: response.headers, html, text, path, elsewhere: null };
  }

  async function follow(shown: Shown): Promise<Shown> {
    let at = shown;
    for (let n = 0; n < redirectsMax; n++) {
      const to = at.headers.get("location") ?? /^0;url=(.*)$/.exec(at.headers.get("refresh") ?? "")?.[1];
      if (to === undefined) return at;
      const next = new URL(to, url);
      if (next.origin !== new URL(url).origin) return { ...at, elsewhere: next.href };
      at = await send(next.pathname + next.search);
    }
    return assert.fail(`more than ${redirectsMax} redirects`);
  }

  const post: Browser["post"] = (path, fields, headers = {}) =>
    send(path, {
      method: "POST",
      body: typeof fields === "string" ? fields : new URLSearchParams(fields).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    });

  return {
    cookies,
    open: async (path) => follow(await send(path)),
    async submit(page, fields, action = page) {
      const { html, path } = await follow(await send(page));
      const to = action === page ? path : action;
      const form = [...html.matchAll(/<form[^>]*?action="([^"]*)"[^>]*>([^]*?)<\/form>/g)].find(
        (found) => plain(found[1] ?? "") === to.split("?")[0],
      );
      assert.ok(form, `${path} has no form that is sent to ${to}`);
      const inputs = [...(form[2] ?? "").matchAll(/<input[^>]*?name="([^"]*)"[^>]*>/g)];
      const own = inputs
        .filter(([input]) => !/type="checkbox"/.test(input) || /\bchecked\b/.test(input))
        .map(([input, name = ""]): [string, string] => [
          name,
          plain(/value="([^"]*)"/.exec(input)?.[1] ?? ""),
        ]);
      return follow(await post(to.split("?")[0] ?? "", { ...Object.fromEntries(own), ...fields }));
    },
    post,
  };
}

function plain(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ");
}
