const markup = Symbol("markup");

/** Text that is HTML already. Made by `html` alone: nothing that was read from JSON or a header passes for one. */
export type Html = { readonly [markup]: string };

export type Embeddable = Html | string | number | null | undefined | false | readonly Embeddable[];

/**
 * A template of HTML: text and numbers become text, or the value of an attribute in double quotes; HTML stays as it is,
 * lists are joined, and `null`, `undefined` and `false` are nothing. An address in `href` is escaped and not judged: give it
 * one that you made, or whose scheme you looked at. What stands in `<script>` or `<style>` belongs into the page's own.
 */
export function html(parts: TemplateStringsArray, ...values: readonly Embeddable[]): Html {
  return { [markup]: parts.map((part, i) => (i === 0 ? part : embedded(values[i - 1]) + part)).join("") };
}

/** HTML as the text to send. */
export function htmlText(it: Html): string {
  return it[markup];
}

function embedded(value: Embeddable): string {
  if (value === null || value === undefined || value === false) return "";
  if (typeof value === "string") return value.replaceAll(/[&<>"']/g, (char) => escapes[char] ?? char);
  if (typeof value === "number") return String(value);
  return isHtml(value) ? value[markup] : value.map(embedded).join("");
}

function isHtml(value: Html | readonly Embeddable[]): value is Html {
  return markup in value;
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
