/** Members of records, and what of an entry they are made of. */
const places: readonly (readonly [ofRecord: string, ofEntry: string])[] = [
  ["/request/headers", "/request/headers"],
  ["/request/body", "/request/postData"],
  ["/request/size", "/request/bodySize"],
  ["/response/headers", "/response/headers"],
  ["/response/body", "/response/content"],
  ["/response/size", "/response/content/size"],
  ["/durationMs", "/time"],
  ["/method", "/request/method"],
  ["/host", "/request/url"],
  ["/target", "/request/url"],
  ["/status", "/response/status"],
  ["/error", "/response/statusText"],
];

/** Where in an entry stands what is wrong with its record at this pointer; "" = it is the entry as a whole. */
export function entryPlace(pointer: string): string {
  return places.find(([ofRecord]) => pointer.startsWith(ofRecord))?.[1] ?? "";
}
