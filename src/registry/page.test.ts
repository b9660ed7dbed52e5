import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { html } from "./html.ts";
import { renderedPage } from "./page.ts";

const policyOf = (it: Parameters<typeof renderedPage>[0]): string =>
  renderedPage(it).headers["content-security-policy"] ?? "";
const body = html`<main>Hello</main>`;

test("a page allows exactly its own style and script, by their hashes", () => {
  const page = renderedPage({
    title: "Hello",
    body,
    css: "p { color: red }",
    script: "document.title = 'x'",
  });
  const policy = page.headers["content-security-policy"] ?? "";
  for (const tag of ["style", "script"]) {
    const [, text = ""] = new RegExp(`<${tag}>(.*?)</${tag}>`, "s").exec(page.text) ?? [];
    const hash = createHash("sha256").update(text).digest("base64");
    assert.ok(policy.includes(`${tag}-src 'sha256-${hash}'`), tag);
  }
  assert.match(policy, /^default-src 'none'; /);
  assert.match(policy, /frame-ancestors 'none'/);
});

test("a page without a script or a form allows neither", () => {
  const policy = policyOf({ title: "Hello", body });
  assert.match(policy, /script-src 'none'/);
  assert.match(policy, /form-action 'none'/);
});

test("forms are sent where the page says, and nowhere else", () => {
  const forms = ["'self'", "http://127.0.0.1:*", "cursor:"];
  assert.match(
    policyOf({ title: "Sign in", body, forms }),
    /form-action 'self' http:\/\/127\.0\.0\.1:\* cursor:;/,
  );
});

test("a title is text", () => {
  assert.match(renderedPage({ title: "</title><b>", body }).text, /<title>&lt;\/title&gt;&lt;b&gt;<\/title>/);
});

test("a script that would end its own tag is a bug that is found at once", () => {
  assert.throws(() => renderedPage({ title: "x", body, script: "'</script>'" }), /contains an end tag/);
});
