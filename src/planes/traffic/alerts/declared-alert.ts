import type { Declarable } from "../../../registry/declarable.ts";
import { createAlert } from "./operations/create-alert.ts";
import { deleteAlert } from "./operations/delete-alert.ts";
import { listAlerts } from "./operations/list-alerts.ts";
import { updateAlert } from "./operations/update-alert.ts";

/** Alerts in a document, by their names: how one stands is no part of it, nor what its notifications are signed with. */
export const declaredAlert: Declarable = {
  name: "alerts",
  key: ["name"],
  inOrder: false,
  operations: {
    list: listAlerts.name,
    create: createAlert.name,
    update: updateAlert.name,
    remove: deleteAlert.name,
  },
  rows: "alerts",
  shownAs: {},
  refers: [
    { section: "environments", by: ["environment"] },
    { section: "buckets", by: ["environment", "bucket"] },
  ],
  brings: () => [],
  madeWith: ["targetUrl"],
  secrets: [],
};
