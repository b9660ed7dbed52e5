import { test } from "node:test";
import { generatedDocs } from "./generated-docs.ts";

const asItIs = { serializers: [String] };

for (const [path, make] of generatedDocs)
  test(`${path} is what the code says`, (t) => t.assert.fileSnapshot(make(), path, asItIs));
