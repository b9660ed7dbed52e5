/** Where a person goes who signs in for nothing else. */
export const homePath = "/account";

const charactersMax = 2_000;

/**
 * A place of this server to go on to, as path and query: what does not stay here, or may be read so by some browser, is
 * the home page. An address that others hand to people must not lead them elsewhere under our name.
 */
export function ownPath(asked: string | null | undefined, publicUrl: string): string {
  if (asked === null || asked === undefined || asked.length > charactersMax) return homePath;
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(asked) || asked.includes("\\")) return homePath;
  const base = URL.parse(publicUrl);
  const to = URL.parse(asked, publicUrl);
  if (base === null || to === null || to.origin !== base.origin) return homePath;
  // Dots in a path may have made another one of it.
  return to.pathname.startsWith("//") ? homePath : to.pathname + to.search;
}
