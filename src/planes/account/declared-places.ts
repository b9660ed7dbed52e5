import type { Declarable } from "../../registry/declarable.ts";
import { firstBucket } from "../../registry/environment.ts";
import { createBucket } from "./operations/create-bucket.ts";
import { createEnvironment } from "./operations/create-environment.ts";
import { deleteBucket } from "./operations/delete-bucket.ts";
import { deleteEnvironment } from "./operations/delete-environment.ts";
import { listBuckets } from "./operations/list-buckets.ts";
import { listEnvironments } from "./operations/list-environments.ts";

/** Environments in a document, such as `production: {}`. */
export const declaredEnvironment: Declarable = {
  name: "environments",
  key: ["name"],
  inOrder: false,
  operations: {
    list: listEnvironments.name,
    create: createEnvironment.name,
    update: null,
    remove: deleteEnvironment.name,
  },
  rows: "environments",
  shownAs: {},
  refers: [],
  brings: (environment) => [{ section: "buckets", key: `${environment}/${firstBucket}` }],
  madeWith: [],
  secrets: [],
};

/** Buckets in a document, such as `production/default: {}`. */
export const declaredBucket: Declarable = {
  name: "buckets",
  key: ["environment", "name"],
  inOrder: false,
  operations: {
    list: listBuckets.name,
    create: createBucket.name,
    update: null,
    remove: deleteBucket.name,
  },
  rows: "buckets",
  shownAs: {},
  refers: [{ section: "environments", by: ["environment"] }],
  brings: () => [],
  madeWith: [],
  secrets: [],
};
