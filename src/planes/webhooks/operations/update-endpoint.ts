import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { endpoint, settings } from "../endpoint.ts";
import { endpointId, endpointOf } from "../endpoint-of.ts";
import { EndpointView, endpointView } from "../endpoint-view.ts";
import { presetOf, providerField } from "../preset.ts";
import { checkTarget } from "../../../registry/allowed-target.ts";

const changeable = {
  name: settings.name.optional(),
  targetUrl: settings.targetUrl.optional(),
  isActive: z.boolean().optional(),
  provider: providerField.nullable().optional(),
  timeoutSeconds: settings.timeoutSeconds.optional(),
  maxAttempts: settings.maxAttempts.optional(),
  bodyBytesMax: settings.bodyBytesMax.optional(),
  verification: settings.verification.optional(),
};

export const updateEndpoint = change({
  name: "update_endpoint",
  title: "Update an endpoint",
  does: "Changes an endpoint; fields left out stay as they are. isActive false pauses it (webhooks are accepted and held), true resumes it and delivers what was held.",
  verb: "PATCH",
  path: "/endpoints/:endpointId",
  scope: "endpoints:write",
  destructive: false,
  undoNone: null,
  input: z.object({
    endpointId,
    ...changeable,
    expectedVersion,
  }),
  output: EndpointView,
  async run({ endpointId: id, expectedVersion: expected, provider, ...changes }, context) {
    const { unit, settings: server } = context;
    const row = await endpointOf(context, id);
    if (provider === undefined) refuseNothing(changes);
    refuseOtherVersion(row, expected, "endpoint");
    if (changes.targetUrl !== undefined) await checkTarget(context, changes.targetUrl);
    const { value } = row;
    const verification = changes.verification ?? (provider === null ? {} : value.verification);
    const preset = presetOf(provider === undefined ? value.provider : provider, verification);
    const next = unit.update(endpoint, row, {
      ...value,
      ...given(changes),
      provider: preset?.name ?? null,
      verification,
      pausedBecause: changes.isActive === undefined ? value.pausedBecause : null,
    });
    return endpointView(next, server.publicUrl);
  },
});

function refuseNothing(changes: object): void {
  if (Object.values(changes).some((value) => value !== undefined)) return;
  throw new Failure("invalid", "Nothing to change was given.", {
    pointer: "",
    hint: `Give at least one of ${Object.keys(changeable).join(", ")}.`,
  });
}

/** Without the members that were not given: `undefined` must not overwrite. */
function given<T extends object>(changes: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- exactly the members filtered out are undefined
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
