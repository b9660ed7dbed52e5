import { z } from "zod";

/** A registration is no larger. */
export const registrationBytesMax = 16 * 1024;
const redirectUrisMax = 20;
const redirectUriCharactersMax = 500;
const nameCharactersMax = 100;

/** Of applications that are known by a scheme of one word; others have to own a domain, reversed (RFC 8252, 7.1). */
const knownSchemes: ReadonlySet<string> = new Set(["cursor:", "vscode:", "vscode-insiders:"]);
const loopbacks: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** What is read of a registration, beyond what oidc-provider checks by itself. */
const Metadata = z.looseObject({
  client_name: z
    .string()
    .max(nameCharactersMax)
    .regex(/^\P{C}*$/u, "client_name has control characters")
    .optional(),
  application_type: z.enum(["web", "native"]).optional(),
  redirect_uris: z.array(z.string().max(redirectUriCharactersMax)).max(redirectUrisMax).optional(),
});

export type Registration =
  | { readonly kind: "fine"; readonly body: string }
  | { readonly kind: "refused"; readonly error: string; readonly description: string };

/**
 * What a client asks to be registered as, fit for oidc-provider: `scope` is left out, for it would bar the client from ever
 * asking for more, and a client that is answered on the same computer is a native one whatever it says.
 */
export function registrationOf(body: Uint8Array): Registration {
  const parsed = Metadata.safeParse(jsonOf(body));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue === undefined || issue.path.length === 0 ? "The registration" : issue.path.join(".");
    return refused("invalid_client_metadata", `${place}: ${issue?.message ?? "not usable"}`);
  }
  const { scope: _scope, application_type: type, ...rest } = parsed.data;
  const uris = rest.redirect_uris ?? [];
  const problem = redirectProblem(uris);
  if (problem !== undefined) return refused("invalid_redirect_uri", problem);
  const isWeb = type === "web" && uris.every((uri) => uri.startsWith("https://"));
  return {
    kind: "fine",
    body: JSON.stringify({ ...rest, application_type: isWeb ? "web" : "native" }),
  };
}

/** Why a client must not be answered at one of these; undefined when it may. */
export function redirectProblem(uris: readonly string[]): string | undefined {
  return uris.map(problemOf).find((problem) => problem !== undefined);
}

function problemOf(uri: string): string | undefined {
  const url = URL.parse(uri);
  if (url === null) return "A redirect URI is no absolute URI.";
  if (uri.includes("#")) return "A redirect URI has a fragment.";
  if (url.username !== "" || url.password !== "") return "A redirect URI names a user.";
  if (url.protocol === "https:") return undefined;
  if (url.protocol === "http:")
    return loopbacks.has(url.hostname) ? undefined : "A redirect URI over http must be on this computer.";
  if (knownSchemes.has(url.protocol) || url.protocol.includes(".")) return undefined;
  return "A redirect URI must be https, http on this computer, or a scheme that is a reversed domain name.";
}

function refused(error: string, description: string): Registration {
  return { kind: "refused", error, description };
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
}
