/** Whether a JSON pointer names a place of what was sent, or one that is missing there. */
export function placeIn(pointer: string, value: unknown): boolean {
  const names = pointer.split("/").slice(1);
  let at = value;
  for (const [n, name] of names.entries()) {
    const inner = memberOf(at, name.replaceAll("~1", "/").replaceAll("~0", "~"));
    if (inner === undefined) return n === names.length - 1;
    at = inner;
  }
  return true;
}

function memberOf(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null && Object.hasOwn(of, name) ? Reflect.get(of, name) : undefined;
}
