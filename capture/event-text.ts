import type { Inner } from "./scope.ts";

/**
 * Redacts a stream of server-sent events (the HTML standard, section 9.2). The lines of data of an event are one value,
 * everything else is a value of its own.
 */
export function redactedEvents(text: string, inner: Inner): string {
  const lines = text.match(/[^\r\n]*(?:\r\n|\r|\n|$)/g) ?? [];
  const out: string[] = [];
  for (let n = 0; n < lines.length;) {
    let end = n;
    while (isData(lines[end])) end++;
    const last = end >= lines.length - 1;
    if (end > n) out.push(...redactedData(lines.slice(n, end).map(partsOf), inner, last));
    else out.push(...redactedData([partsOf(lines[end++] ?? "")], inner, last));
    n = end;
  }
  return out.join("");
}

type Line = { readonly before: string; readonly value: string; readonly ending: string };

function isData(line: string | undefined): boolean {
  return line?.startsWith("data:") === true;
}

function partsOf(line: string): Line {
  const [, before = "", value = "", ending = ""] = /^(data: ?)?([^\r\n]*)([\r\n]*)$/.exec(line) ?? [];
  return { before, value, ending };
}

/** Of a value that has become shorter the lines that are left over go. */
function redactedData(lines: readonly Line[], inner: Inner, cut: boolean): readonly string[] {
  const value = lines.map((line) => line.value).join("\n");
  const redacted = inner(value, cut);
  const values = redacted === value ? lines.map((line) => line.value) : redacted.split("\n");
  const last = lines.at(-1);
  return values.map((each, n) => {
    const line = lines[n] ?? last;
    const ending = n === values.length - 1 ? last?.ending : line?.ending;
    return `${line?.before ?? ""}${each}${ending ?? ""}`;
  });
}
