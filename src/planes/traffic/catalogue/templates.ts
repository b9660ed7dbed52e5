import { isKind, placeOf, type Template } from "./route-template.ts";
import type { RouteOrigin } from "./seen-route.ts";

/** A path by its template, and what made it so. */
export type Placed = {
  readonly template: string;
  readonly from: Extract<RouteOrigin, "typed" | "learned" | "merged">;
};

/** The templates of a bucket, made ready for paths. */
export type Templates = {
  /** Of a typed path. */
  place(typed: string): Placed;
  /** The one whose parameter follows these segments. */
  after(segments: readonly string[]): Template | undefined;
  readonly list: readonly Template[];
};

export function templatesOf(list: readonly Template[]): Templates {
  const byPlace = new Map(list.map((it) => [placeOf(it.template), it]));
  const after = (segments: readonly string[]): Template | undefined =>
    byPlace.get(placeOf([...segments, "{}"].join("/")));
  return {
    list,
    after,
    place(typed) {
      let from: Placed["from"] = "typed";
      const out: string[] = [];
      for (const segment of typed.split("/")) {
        const it = out.length === 0 ? undefined : after(out);
        const fits = it !== undefined && it.state !== "split" && isMeant(segment, it);
        if (fits) from = it.state === "merged" ? "merged" : from === "typed" ? "learned" : from;
        out.push(fits ? parameterOf(it) : segment);
      }
      return { template: out.join("/"), from };
    },
  };
}

function isMeant(segment: string, { apart, unlike, kinds }: Template): boolean {
  if (segment === "") return false;
  if (isKind(segment)) return kinds.includes(segment);
  // A parameter already, maybe by an earlier name.
  return segment.startsWith("{") || !(apart.includes(segment) || unlike.includes(segment));
}

/** The parameter that a template ends with, such as `{slug}`. */
export function parameterOf({ template }: Pick<Template, "template">): string {
  return template.slice(template.lastIndexOf("/") + 1);
}

/** The beginning of a path that ends with a parameter which nothing makes one. */
export function unknownParameter(path: string, templates: Templates): string | undefined {
  const segments = path.split("/");
  const at = segments.findIndex((segment, i) => {
    if (!segment.startsWith("{") || isKind(segment)) return false;
    const it = templates.after(segments.slice(0, i));
    return it === undefined || it.state === "split";
  });
  return at === -1 ? undefined : segments.slice(0, at + 1).join("/");
}
