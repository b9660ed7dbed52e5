import { kinds } from "../../../kernel/failure.ts";
import { html, type Html } from "../../../registry/html.ts";
import { apiRoot } from "../answer.ts";

/** What holds for every call. */
export function basics(publicUrl: string): readonly Html[] {
  return [start(publicUrl), errors(), safety(), pages()];
}

/** Their places and names, for the side of the page. */
export const basicTitles: readonly (readonly [id: string, title: string])[] = [
  ["start", "Start"],
  ["errors", "Errors"],
  ["safety", "Changing things safely"],
  ["pages", "Lists and limits"],
];

function start(publicUrl: string): Html {
  return html`<section class="basic" id="start">
    <h2>Start</h2>
    <p>
      Everything is below <code>${publicUrl}${apiRoot}</code>. Send your key with each call; whoever holds it
      may do what its scopes allow, in its workspaces.
    </p>
    <pre tabindex="0"><code>export SLUICE_API_KEY=mk_…
curl ${publicUrl}${apiRoot}/whoami \\
  -H "Authorization: Bearer $SLUICE_API_KEY"</code></pre>
    <p>
      <code>GET</code> and <code>DELETE</code> take their fields from path and query, everything else from the
      path and a JSON object of at most 4 MiB. Unknown fields are errors. The same as a machine reads it:
      <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).
    </p>
  </section>`;
}

function errors(): Html {
  return html`<section class="basic" id="errors">
    <h2>Errors</h2>
    <p>
      Failures are problem details (RFC 9457): <code>code</code> to branch on, <code>detail</code> and
      <code>hint</code> to read, <code>pointer</code> to the place in the input, <code>allowed</code> for what
      is accepted there, and a <code>requestId</code> that finds the call in the server's log.
    </p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th>Code</th>
            <th>Status</th>
            <th>Meaning</th>
          </tr>
        </thead>
        <tbody>
          ${Object.entries(kinds).map(
            ([code, { status, title }]) =>
              html`<tr>
                <td><code>${code}</code></td>
                <td>${status}</td>
                <td>${title}</td>
              </tr>`,
          )}
          <tr>
            <td><code>internal</code></td>
            <td>500</td>
            <td>A bug of ours, logged under the requestId</td>
          </tr>
        </tbody>
      </table>
    </div>
  </section>`;
}

function safety(): Html {
  return html`<section class="basic" id="safety">
    <h2>Changing things safely</h2>
    <p>
      <code>dryRun: true</code> checks everything, answers what would change in <code>wouldChange</code>, and
      changes nothing. An <code>Idempotency-Key</code> makes a repeated call harmless: the same key with the
      same input answers as the first time, for 24 hours.
    </p>
    <p>
      A record's version is in its answer and its <code>ETag</code>. Sent back as <code>If-Match</code> or
      <code>expectedVersion</code>, the change is made only if nobody made another (else it is 412, or a
      conflict); sent as <code>If-None-Match</code> with a <code>GET</code>, the answer is 304 while nothing
      has changed.
    </p>
  </section>`;
}

function pages(): Html {
  return html`<section class="basic" id="pages">
    <h2>Lists and limits</h2>
    <p>
      Lists come newest first. <code>nextCursor</code> of one page is <code>cursor</code> of the next, and
      <code>null</code> at the end.
    </p>
    <p>
      <code>RateLimit</code> says how many calls your credential has left and for how many seconds; one too
      many is 429 with <code>Retry-After</code>.
    </p>
  </section>`;
}
