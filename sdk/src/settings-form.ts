import type { CaptureSettings } from "../../capture/wire.ts";

const bodyBytesHardMax = 1_048_576;
const flushEveryMsLeast = 100;
const flushEveryMsMost = 60_000;
const keyBytes = 32;

/** What is fetched from a server and kept on disk is read by this alone. @throws TypeError when it is no settings */
export function parseSettings(text: string): CaptureSettings {
  const given: unknown = JSON.parse(text);
  if (typeof given !== "object" || given === null) throw new TypeError("Settings are an object.");
  const read = new Map<string, unknown>(Object.entries(given));
  return {
    revision: textOf(read, "revision"),
    environment: textOf(read, "environment"),
    bucket: textOf(read, "bucket"),
    tokenKey: keyOf(read),
    bodyBytesMax: numberOf(read, "bodyBytesMax", [0, bodyBytesHardMax]),
    flushEveryMs: numberOf(read, "flushEveryMs", [flushEveryMsLeast, flushEveryMsMost]),
    payloadsPerMinuteMax: numberOf(read, "payloadsPerMinuteMax", [0, Number.MAX_SAFE_INTEGER]),
    // What a rule means is for who compiles it, and refuses it when it means nothing.
    redactions: listOf(read, "redactions"),
    exclusions: listOf(read, "exclusions"),
    samplings: listOf(read, "samplings"),
    blocks: listOf(read, "blocks"),
  };
}

type Given = ReadonlyMap<string, unknown>;

function textOf(given: Given, name: string): string {
  const value = given.get(name);
  if (typeof value !== "string") throw new TypeError(`${name} is a text.`);
  return value;
}

function keyOf(given: Given): string {
  const value = textOf(given, "tokenKey");
  if (Buffer.from(value, "base64").length !== keyBytes)
    throw new TypeError("tokenKey is 32 bytes in base64.");
  return value;
}

function numberOf(given: Given, name: string, [least, most]: readonly [number, number]): number {
  const value = given.get(name);
  if (typeof value !== "number" || !Number.isFinite(value)) throw new TypeError(`${name} is a number.`);
  return Math.min(Math.max(value, least), most);
}

function listOf<K extends "redactions" | "exclusions" | "samplings" | "blocks">(
  given: Given,
  name: K,
): CaptureSettings[K] {
  const value = given.get(name);
  if (!Array.isArray(value) || !value.every(isRule)) throw new TypeError(`${name} is a list of rules.`);
  return value as CaptureSettings[K];
}

function isRule(value: unknown): boolean {
  return typeof value === "object" && value !== null && "id" in value && typeof value.id === "string";
}
