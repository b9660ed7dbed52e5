const uriLengthMax = 2_000;

export type UriMatch = Readonly<Record<string, string>>;

/** Whether an address of a document has variables, such as `sluice://endpoints/{slug}`. */
export function isTemplate(uri: string): boolean {
  return uri.includes("{");
}

/** Reads level 1 templates of RFC 6570: a variable is one or more characters without `/`, `?` and `#`. */
export function uriMatcher(template: string): (uri: string) => UriMatch | undefined {
  const names = [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const literals = template.split(/\{\w+\}/).map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`^${literals.join("([^/?#]+)")}$`);
  return (uri) => {
    const found = uri.length <= uriLengthMax ? pattern.exec(uri) : null;
    const values = found?.slice(1).map(decoded);
    if (values === undefined || values.includes(undefined)) return undefined;
    return Object.fromEntries(names.map((name, i) => [name, values[i] ?? ""]));
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
