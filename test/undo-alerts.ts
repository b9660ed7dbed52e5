import { createAlert } from "../src/planes/traffic/alerts/operations/create-alert.ts";
import { deleteAlert } from "../src/planes/traffic/alerts/operations/delete-alert.ts";
import { updateAlert } from "../src/planes/traffic/alerts/operations/update-alert.ts";
import type { Output } from "../src/registry/invoke.ts";
import type { Operation } from "../src/registry/operation.ts";

type Call = (it: Operation, input: object) => Promise<Output>;

/** With everything that an alert may have. */
const alertOnErrors = {
  name: "errors",
  watch: { kind: "error_rate", above: 0.05 },
  targetUrl: "https://alerts.example.com/hook",
  environment: "staging",
  bucket: "shop",
  path: "/orders/*",
};

/** Calls about alerts that can be undone. */
export const alertExamples = [
  [createAlert, [{ name: "with everything", input: () => alertOnErrors }]],
  [
    updateAlert,
    [
      {
        name: "every field",
        given: (call: Call) => call(createAlert, alertOnErrors),
        input: ({ id }: Output) => ({
          alertId: id,
          name: "slow",
          watch: { kind: "response_time", aboveMs: 500 },
          environment: null,
          bucket: null,
          path: null,
          windowMinutes: 60,
          resolveAfterMinutes: 0,
          remindHours: null,
          targetUrl: "https://other.example.com/hook",
          isActive: false,
        }),
      },
    ],
  ],
  [
    deleteAlert,
    [
      {
        name: "one",
        given: (call: Call) => call(createAlert, alertOnErrors),
        input: ({ id }: Output) => ({ alertId: id }),
      },
    ],
  ],
] as const;
