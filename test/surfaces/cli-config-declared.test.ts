// What planes declare for documents fits their operations.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Declarable } from "../../src/registry/declarable.ts";
import { fieldsOf, pathParameters } from "../../src/registry/field.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { declared, operations } from "./config-place.ts";

const sections = new Map(declared.map((it) => [it.name, it]));

function operation(name: string): Operation {
  const it = operations.find((each) => each.name === name);
  assert.ok(it, `${name} is declared and not there`);
  return it;
}

function section(name: string): Declarable {
  const it = sections.get(name);
  assert.ok(it, `${name} is named and not declared`);
  return it;
}

for (const { name, key, rows, operations: named, shownAs, refers, brings, madeWith } of declared) {
  const [list, create, remove] = [named.list, named.create, named.remove].map(operation);
  assert.ok(list && create && remove);

  test(`${name} are listed, made, changed and removed by their key`, () => {
    assert.ok(rows in list.output.shape);
    for (const part of key) assert.ok(part in create.output.shape && part in create.input.shape, part);
    if (named.update !== null)
      assert.equal(pathParameters(operation(named.update).path)[0], pathParameters(remove.path)[0]);
  });

  test(`${name} show each field that they are made with`, () => {
    for (const field of fieldsOf(create).filter((it) => it.name in create.input.shape && !it.secret))
      assert.ok((shownAs[field.name] ?? field.name) in create.output.shape, field.name);
  });

  test(`${name} are made with the secrets that are declared, and can be given others`, () => {
    const wanted = fieldsOf(create).filter((it) => it.secret && it.required);
    assert.deepEqual(wanted.map((it) => it.name).toSorted(), madeWith.toSorted());
    const changing = named.update === null ? [] : fieldsOf(operation(named.update));
    for (const field of madeWith)
      assert.ok(
        changing.some((it) => it.name === field && it.secret),
        field,
      );
  });

  test(`${name} name and bring what is declared`, () => {
    for (const { section: other, by } of refers) {
      assert.equal(by.length, section(other).key.length, other);
      for (const field of by) assert.ok(field in create.input.shape, field);
    }
    for (const it of brings("x")) {
      const { key: parts, operations: making, refers: back } = section(it.section);
      assert.ok(
        back.some((reference) => reference.section === name),
        "it would be looked at too early",
      );
      assert.equal(it.key.split("/").length, parts.length);
      assert.deepEqual(Object.keys(operation(making.create).input.shape).toSorted(), parts.toSorted());
    }
  });
}
