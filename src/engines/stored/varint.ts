/** Where a reader is in its bytes. */
export type Reading = { readonly bytes: Uint8Array; at: number };

/** Seven bits a byte, the lowest first; the high bit says that more follow. Counts may exceed 32 bits. */
export function writeNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

/** @throws TypeError when what is there is no such number, or is cut off */
export function readNumber(reading: Reading): number {
  const first = reading.bytes[reading.at++];
  if (first === undefined) throw cutOff();
  return first < 128 ? first : first - 128 + readRest(reading);
}

/** Apart, since most numbers have one byte and are read by the million. */
function readRest(reading: Reading): number {
  let value = 0;
  for (let unit = 128; unit <= Number.MAX_SAFE_INTEGER; unit *= 128) {
    const byte = reading.bytes[reading.at++];
    if (byte === undefined) break;
    value += (byte % 128) * unit;
    if (byte < 128) return value;
  }
  throw cutOff();
}

function cutOff(): TypeError {
  return new TypeError("These bytes hold no number.");
}
