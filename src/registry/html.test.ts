import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { html, htmlText } from "./html.ts";

test("text within a template is text, whatever it holds", () => {
  const said = `<script>alert("x")</script> & 'more'`;
  assert.equal(
    htmlText(html`<p title="${said}">${said}</p>`),
    `<p title="&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;more&#39;">&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;more&#39;</p>`,
  );
});

test("HTML within HTML stays, lists are joined, and nothing is nothing", () => {
  const items = ["a", "b<"].map((text) => html`<b>${text}</b>`);
  assert.equal(
    htmlText(html`<p>${items}${null}${undefined}${false}${0}</p>`),
    "<p><b>a</b><b>b&lt;</b>0</p>",
  );
});

test("no text opens a tag, ends an attribute or begins an entity of its own", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const shown = htmlText(html`${text}`);
      assert.doesNotMatch(shown, /[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
    }),
  );
});
