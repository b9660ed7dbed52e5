import assert from "node:assert/strict";
import { allRuleOperations } from "../src/planes/traffic/rules/rules.ts";
import type { Output } from "../src/registry/invoke.ts";
import type { Operation } from "../src/registry/operation.ts";

type Call = (it: Operation, input: object) => Promise<Output>;

const rules: Readonly<Record<string, object>> = {
  redaction: { name: "coupons", category: "coupon", match: { field: "coupon" } },
  exclusion: { name: "health", selection: { path: "/health/*" } },
  sampling: { name: "reads", selection: { methods: ["GET"] }, rate: 0.5 },
  block: { name: "bots", selection: { userAgent: "*Bot*" } },
};

function ofRule(it: Operation) {
  const [verb, noun = ""] = it.name.split("_");
  const rule = { ...rules[noun] };
  if (verb === "create") return [it, [{ name: "one", input: () => rule }]] as const;
  const create = allRuleOperations.find(({ name }) => name === `create_${noun}`);
  assert.ok(create);
  const changed = verb === "update" ? { name: "another name", environment: "staging" } : {};
  const example = {
    name: "one",
    given: (call: Call) => call(create, rule),
    input: ({ id }: Output) => ({ [`${noun}Id`]: id, ...changed }),
  };
  return [it, [example]] as const;
}

/** Calls about rules that can be undone. */
export const ruleExamples = allRuleOperations.filter((it) => it.effect === "change").map(ofRule);
