import { hash } from "node:crypto";
import type { Output } from "../../registry/invoke.ts";
import type { Operation } from "../../registry/operation.ts";

const digestCharacters = 16;

/**
 * The strong ETag of an answer that has a version, else undefined: the version, and behind it for what is read a digest of
 * the whole answer, since figures that stand beside a record change while its version does not.
 */
export function entityTag(it: Operation, { version, dryRun }: Output, text: string): string | undefined {
  if (typeof version !== "number" || dryRun === true) return undefined;
  if (it.effect !== "read") return `"${version}"`;
  return `"${version}-${hash("sha256", text, "base64url").slice(0, digestCharacters)}"`;
}

/** The version that an ETag of ours names, with a digest or without; undefined when it is none. */
export function versionIn(tag: string): number | undefined {
  const version = /^"(\d{1,15})(?:-[\w-]{1,64})?"$/.exec(tag)?.[1];
  return version === undefined ? undefined : Number(version);
}

/** Whether `If-None-Match` names this ETag, by the weak comparison (RFC 9110, 13.1.2). */
export function isNamed(tag: string, ifNoneMatch: string): boolean {
  const named = ifNoneMatch.split(",").map((it) => it.trim().replace(/^W\//, ""));
  return named.includes("*") || named.includes(tag);
}
