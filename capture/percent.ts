/** Percent-encoding (RFC 3986) of octets. What is no escape is left as it is. */
export function percentDecoded(octets: string): string {
  if (!octets.includes("%")) return octets;
  return octets.replace(/%([0-9a-f]{2})/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

export function percentEncoded(octets: string): string {
  return octets.replace(
    /[^\w.~!*'(),:@$-]/g,
    (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** As `application/x-www-form-urlencoded` has it, where a space is a plus. */
export function formDecoded(octets: string): string {
  return percentDecoded(octets.includes("+") ? octets.replaceAll("+", " ") : octets);
}
