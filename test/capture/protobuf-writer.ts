/** Writes fields of Protocol Buffers, for what is read elsewhere. */

type Value = string | Uint8Array | readonly (readonly [number, Field])[];
export type Field =
  | { readonly bytes: Value }
  | { readonly varint: number }
  | { readonly fixed64: bigint }
  | { readonly double: number };

export type Message = readonly (readonly [number: number, Field])[];

export function written(message: Message): Buffer {
  return Buffer.concat(message.flatMap(([number, field]) => fieldOf(number, field)));
}

function fieldOf(number: number, field: Field): readonly Buffer[] {
  if ("varint" in field) return [varint(number * 8), varint(field.varint)];
  if ("bytes" in field) {
    const bytes = bytesOf(field.bytes);
    return [varint(number * 8 + 2), varint(bytes.length), bytes];
  }
  const eight = Buffer.alloc(8);
  if ("fixed64" in field) eight.writeBigUInt64LE(field.fixed64);
  else eight.writeDoubleLE(field.double);
  return [varint(number * 8 + 1), eight];
}

function bytesOf(value: Value): Buffer {
  if (typeof value === "string") return Buffer.from(value);
  return value instanceof Uint8Array ? Buffer.from(value) : written(value);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}
