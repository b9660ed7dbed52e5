import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogueOf } from "../../../registry/catalogue.ts";
import { planes } from "../../planes.ts";
import { redirectPlace } from "./redirect-place.ts";
import { scopeGroups } from "./scope-group.ts";

const catalogue = catalogueOf(planes);
const scopes = [...new Set([...catalogue.operations.values()].map(({ scope }) => scope))];

test("every scope there is stands in exactly one group, as a sentence with what it allows", () => {
  const groups = scopeGroups(catalogue, scopes);
  const shown = groups.flatMap((group) => group.scopes);
  assert.deepEqual(shown.map(({ scope }) => scope).toSorted(), scopes.toSorted());
  assert.equal(new Set(shown.map(({ title }) => title)).size, scopes.length);
  for (const { title, does } of shown) {
    assert.match(title, /^[A-Z][a-z]+ [a-z]/);
    assert.ok(does.length > 0);
  }
});

test("scopes that were not asked for, and groups without any, are not shown", () => {
  const groups = scopeGroups(catalogue, ["endpoints:read", "unknown:read"]);
  assert.deepEqual(
    groups.map(({ heading, scopes: own }) => [heading, own.map(({ title }) => title)]),
    [["Webhooks", ["See endpoints"]]],
  );
});

test("where an answer goes is said by what a person can judge", () => {
  const places: Readonly<Record<string, readonly [text: string, isThisComputer: boolean]>> = {
    "https://claude.ai/api/mcp/auth_callback": ["claude.ai", false],
    "https://localhost.evil.example:8443/cb": ["localhost.evil.example:8443", false],
    "http://127.0.0.1:33418/": ["a program on this computer", true],
    "http://[::1]:3000/callback": ["a program on this computer", true],
    "cursor://anysphere.cursor-retrieval/oauth": ["Cursor, on this computer", true],
    "com.example.app:/cb": ["the application for com.example.app: on this computer", true],
  };
  for (const [uri, [text, isThisComputer]] of Object.entries(places))
    assert.deepEqual(redirectPlace(uri), { text, isThisComputer });
});
