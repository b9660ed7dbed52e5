import type { JsonSchema } from "./json-schema.ts";

/** A path of OpenAPI, and its parameters in their order. */
export type OpenapiPath = {
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly schema: JsonSchema }[];
};

/**
 * A template as OpenAPI writes it: `/users/:id` of Express, Fastify, Koa and Hono, `/users/[id]` of Next and
 * `/users/{number}` of typed paths. No name is given twice.
 */
export function openapiPath(template: string): OpenapiPath {
  const parameters: OpenapiPath["parameters"][number][] = [];
  const parameter = (name: string): string => {
    const taken = new Set(parameters.map((it) => it.name));
    let own = name;
    for (let n = 2; taken.has(own); n++) own = `${name}${n}`;
    parameters.push({ name: own, schema: schemas[name] ?? { type: "string" } });
    return `{${own}}`;
  };
  const path = template
    .split("/")
    .map((segment) => {
      if (/^\*+$/.test(segment)) return parameter("rest");
      const whole = forms.map((form) => form.exec(segment)?.[1]).find((name) => name !== undefined);
      if (whole !== undefined) return parameter(whole);
      return segment
        .replaceAll(/:(\w+)/g, (_, name: string) => parameter(name))
        .replaceAll(/[{}](?![^{]*\})/g, "");
    })
    .join("/");
  return { path: path.startsWith("/") ? path : `/${path}`, parameters };
}

/** Of a whole segment. */
const forms = [
  /^\{([^/{}?#]{1,60})\}$/,
  /^:(\w{1,60})(?:\(.*\)|\{.*\})?[?*+]?$/,
  /^\[{1,2}(?:\.\.\.)?(\w{1,60})\]{1,2}$/,
] as const;

const schemas: Readonly<Record<string, JsonSchema>> = {
  number: { type: "number" },
  uuid: { type: "string", format: "uuid" },
  email: { type: "string", format: "email" },
};
