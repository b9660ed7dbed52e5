import { test } from "node:test";
import { clientPromises } from "./conformance/client-promises.ts";
import { devicePromises } from "./conformance/device-promises.ts";
import { grantPromises } from "./conformance/grant-promises.ts";
import { onTrial, type IdentityPlace } from "./conformance/trial.ts";

/** Registers the tests of what every authorization server promises. */
export function identityConformance(name: string, newPlace: () => Promise<IdentityPlace>): void {
  const promises = { ...grantPromises, ...clientPromises, ...devicePromises };
  for (const [title, tried] of Object.entries(promises))
    test(`${name}: ${title}`, (t) => onTrial(t, newPlace, tried));
}
