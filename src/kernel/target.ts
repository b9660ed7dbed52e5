/** Path and query of the target of a request, parted at its first question mark, which belongs to neither. */
export function partsOf(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf("?");
  if (mark === -1) return { path: target, query: "" };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}
