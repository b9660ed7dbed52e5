import { accountForWebhooks } from "../../planes/webhooks/operations/account-for-webhooks.ts";
import { ok, problem, warning, type Check } from "../check.ts";

export const accounting: Check = {
  name: "accounting",
  async look({ health, server: { hasKey, call } }) {
    if ((await health()) === undefined) return [];
    if (!hasKey)
      return [
        warning(
          "Not checked: it needs an API key, or somebody who is logged in.",
          "Run `sluice login`, or set SLUICE_API_KEY (scope logs:read), and run it again.",
        ),
      ];
    const { status, json } = await call("GET", `/api/v1${accountForWebhooks.path}`);
    const account = accountForWebhooks.output.safeParse(json).data;
    if (status !== 200 || account === undefined)
      return [
        warning(
          `Not checked: the server answered ${status}.`,
          status === 401 || status === 403
            ? "Set SLUICE_API_KEY to a key of this server that has the scope logs:read."
            : "Look at the server's log.",
        ),
      ];
    const { received, remainder, unaccounted } = account;
    if (remainder === 0)
      return [ok(`Every one of ${received} requests of the last 24 hours is accounted for.`)];
    const named = unaccounted.length === 0 ? "" : `: ${unaccounted.join(", ")}`;
    return [
      problem(
        `${remainder} of ${received} requests of the last 24 hours are unaccounted for${named}.`,
        "Look at them with `sluice get-log-detail`, deliver them with `sluice replay-webhooks`, and report it: it is a fault of this server unless its files were changed.",
      ),
    ];
  },
};
