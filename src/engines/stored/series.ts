import type { Summary } from "../../kernel/summary.ts";
import { readNumber, writeNumber, type Reading } from "./varint.ts";

/** What a summary says beside its place: the calls that have method, route, status and outcome in common. */
export type Series = Omit<Summary, "workspace" | "environment" | "bucket">;

export const minuteMs = 60_000;

/*
 * Format of series, version 1. Numbers are of `varint.ts`, minutes count from the `at` that is stored beside it.
 *   u8 version = 1
 *   number of texts; per text: bytes, UTF-8
 *   per series: minute, method, route and outcome as places among the texts, status, count, requestBytes, responseBytes,
 *   durationMs as f64 little endian, bytes of the histogram, histogram
 */
const version = 1;
const floatBytes = 8;

/** Bytes of the series, of which none is before `from`. */
export function encodeSeries(all: readonly Series[], from: number): Uint8Array {
  const texts = new Map<string, number>();
  const placeOf = (text: string): number => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    texts.set(text, texts.size);
    return texts.size - 1;
  };
  const parts = all.flatMap((series) => {
    const head: number[] = [];
    writeNumber(head, (series.at - from) / minuteMs);
    for (const text of [series.method, series.route, series.outcome]) writeNumber(head, placeOf(text));
    for (const count of [series.status, series.count, series.requestBytes, series.responseBytes])
      writeNumber(head, count);
    const tail: number[] = [];
    writeNumber(tail, series.durations.length);
    return [Uint8Array.from(head), floatOf(series.durationMs), Uint8Array.from(tail), series.durations];
  });
  return Buffer.concat([textsOf([...texts.keys()]), ...parts]);
}

function floatOf(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(floatBytes);
  bytes.writeDoubleLE(value);
  return bytes;
}

function textsOf(texts: readonly string[]): Uint8Array {
  const head = [version];
  writeNumber(head, texts.length);
  const parts = texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    const length: number[] = [];
    writeNumber(length, bytes.length);
    return [Uint8Array.from(length), bytes];
  });
  return Buffer.concat([Uint8Array.from(head), ...parts]);
}

/**
 * The series of what `encodeSeries` made, their histograms as views of it.
 *
 * @throws TypeError when the bytes are something else
 */
export function decodeSeries(bytes: Uint8Array, from: number): Series[] {
  const reading: Reading = { bytes, at: 1 };
  if (bytes[0] !== version) throw new TypeError("These bytes are no series.");
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  for (let left = readNumber(reading); left > 0; left--) {
    const length = readNumber(reading);
    texts.push(buffer.toString("utf8", reading.at, reading.at + length));
    reading.at += length;
  }
  const all: Series[] = [];
  while (reading.at < bytes.length) all.push(nextSeries(reading, { buffer, texts, from }));
  return all;
}

type Whole = { readonly buffer: Buffer; readonly texts: readonly string[]; readonly from: number };

function nextSeries(reading: Reading, { buffer, texts, from }: Whole): Series {
  const at = from + readNumber(reading) * minuteMs;
  const [method, route, outcome] = [
    nextText(reading, texts),
    nextText(reading, texts),
    nextText(reading, texts),
  ];
  const [status, count] = [readNumber(reading), readNumber(reading)];
  const [requestBytes, responseBytes] = [readNumber(reading), readNumber(reading)];
  const durationMs = buffer.readDoubleLE(reading.at);
  reading.at += floatBytes;
  const length = readNumber(reading);
  const durations = buffer.subarray(reading.at, reading.at + length);
  reading.at += length;
  return { at, method, route, status, outcome, count, requestBytes, responseBytes, durationMs, durations };
}

function nextText(reading: Reading, texts: readonly string[]): string {
  const text = texts[readNumber(reading)];
  if (text === undefined) throw new TypeError("These bytes are no series.");
  return text;
}
