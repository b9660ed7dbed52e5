import { z } from "zod";
import { cursorOf, fitting, keyOf as cursorKey } from "../../../kernel/page.ts";
import { read } from "../../../registry/operation.ts";
import { keyOf } from "../catalogue/bucket-routes.ts";
import { Drift, driftKinds } from "../catalogue/drift.ts";
import { goneSince } from "../catalogue/gone.ts";
import { keptCatalogue, keptDrift } from "../catalogue/kept-catalogue.ts";
import { oneBucket } from "../catalogue/one-bucket.ts";
import { WindowView, windowView } from "../counted.ts";
import { routeMeant } from "../requests.ts";
import { placeInput } from "../view.ts";
import { windowInput, windowOf } from "../window.ts";

const weekMs = 7 * 86_400_000;
const limitMax = 100;
const goneShown = 100;
const Key = z.object({ key: z.string().max(100) });

const Untrusted = Drift.omit({ at: true, kind: true, example: true });

export const listDrift = read({
  name: "list_drift",
  title: "List drift",
  does: "Lists what of the API is new, of another type or gone since 7 days: routes, statuses, fields, by client.",
  verb: "GET",
  path: "/routes/drift",
  scope: "traffic:read",
  rows: "changes",
  input: z.object({
    ...placeInput,
    since: windowInput.since,
    path: z.string().min(1).max(500).optional(),
    client: z.string().min(1).max(100).optional(),
    cursor: z.string().max(500).optional(),
    limit: z.int().min(1).max(limitMax).default(50),
  }),
  output: z.object({
    window: WindowView,
    changes: z.array(
      z.object({
        id: z.string(),
        at: z.iso.datetime(),
        kind: z.enum(driftKinds),
        example: z.string().describe("Id of a request."),
        untrusted: Untrusted,
      }),
    ),
    gone: z
      .array(
        z.object({
          kind: z.enum(["route_gone", "status_gone", "field_gone"]),
          lastSeen: z.iso.datetime(),
          untrusted: Drift.pick({ method: true, template: true, where: true }),
        }),
      )
      .describe("Not seen in the window; told on the first page."),
    nextCursor: z.string().nullable(),
  }),
  async run({ path, client, cursor, limit, since, ...asked }, context) {
    const { store, workspace, now } = context;
    const place = await oneBucket(context, asked);
    const window = windowOf({ since }, now, weekMs);
    const after = cursor === undefined ? undefined : cursorKey(cursor, Key).key;
    const [{ routes }, drifts] = await Promise.all([
      keptCatalogue(store, workspace, place.id),
      keptDrift(store, workspace, place.id),
    ]);
    const meant = path === undefined ? undefined : routeMeant(path);
    const asksFor = ({ template }: { readonly template: string }): boolean => meant?.(template) ?? true;
    const changes = drifts.filter(
      (it) =>
        it.at >= window.from &&
        it.at < window.to &&
        asksFor(it) &&
        // What became part of a template is no route of its own any more.
        routes.has(keyOf(it)) &&
        (client === undefined || it.client === client || it.consumers.includes(client)) &&
        (after === undefined || it.key > after),
    );
    const shown = fitting(
      changes.slice(0, limit).map(({ key, at, kind, example, ...rest }) => ({
        id: key,
        at: new Date(at).toISOString(),
        kind,
        example,
        untrusted: Untrusted.parse(rest),
      })),
    );
    const last = changes[shown.length - 1];
    const gone = after === undefined ? goneSince(routes.values(), window.from).filter(asksFor) : [];
    return {
      window: windowView(window),
      changes: [...shown],
      gone: gone.slice(0, goneShown).map(({ kind, lastAt, ...untrusted }) => ({
        kind,
        lastSeen: new Date(lastAt).toISOString(),
        untrusted,
      })),
      nextCursor: shown.length < changes.length && last !== undefined ? cursorOf({ key: last.key }) : null,
    };
  },
});
