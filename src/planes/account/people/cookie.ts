/**
 * The value of a `Set-Cookie` header: sent back to this server alone, with top-level navigation from elsewhere but with no
 * other request, and not to be read by scripts. Behind TLS its name says that no other host can have set it.
 */
export function setCookie(
  name: string,
  value: string,
  { secure, maxAgeMs }: { readonly secure: boolean; readonly maxAgeMs: number },
): string {
  const attributes = ["Path=/", "HttpOnly", "SameSite=Lax", `Max-Age=${Math.floor(maxAgeMs / 1_000)}`];
  return [`${sentName(name, secure)}=${value}`, ...attributes, ...(secure ? ["Secure"] : [])].join("; ");
}

/**
 * A cookie of a `Cookie` header; undefined when there is none, or more than one of the name: then somebody else has set
 * one, and which is ours cannot be told.
 */
export function cookieOf(name: string, header: string | undefined, secure: boolean): string | undefined {
  const start = `${sentName(name, secure)}=`;
  const found = (header ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(start));
  return found.length === 1 ? found[0]?.slice(start.length) : undefined;
}

/** Headers that set these, each the value of a `Set-Cookie`. */
export function settingCookies(cookies: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return cookies.length === 0 ? {} : { "set-cookie": cookies };
}

function sentName(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name;
}
