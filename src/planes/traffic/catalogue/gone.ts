import type { SeenRoute, Side } from "./seen-route.ts";
import { isBelow, partsByPlace } from "./shape.ts";

/** Bodies of which a field can be said to be gone. */
const settledMin = 20;

export type Gone = {
  readonly kind: "route_gone" | "status_gone" | "field_gone";
  readonly method: string;
  readonly template: string;
  /** "" = the whole route. */
  readonly where: string;
  readonly lastAt: number;
};

/** What was there and was not seen any more since a moment, though what it belongs to was. */
export function goneSince(routes: Iterable<SeenRoute>, since: number): readonly Gone[] {
  return [...routes].flatMap((route): readonly Gone[] => {
    const { method, template, request, answers, seenAt } = route;
    const gone = (kind: Gone["kind"], where: string, lastAt: number): Gone => ({
      kind,
      method,
      template,
      where,
      lastAt,
    });
    if (seenAt < since) return [gone("route_gone", "", seenAt)];
    const fields = (side: Side, where: string): readonly Gone[] =>
      fieldsGone(side, since).map(([place, lastAt]) => gone("field_gone", `${where} ${place}`, lastAt));
    return [
      ...fields(request, "request"),
      ...Object.entries(answers).flatMap(([status, answer]) =>
        answer.seenAt < since
          ? [gone("status_gone", `response ${status}`, answer.seenAt)]
          : fields(answer, `response ${status}`),
      ),
    ];
  });
}

/** Of a body that was seen since, by its fields; what is below one that is gone is not told by itself. */
function fieldsGone(
  { shape, shaped }: Side,
  since: number,
): readonly (readonly [place: string, lastAt: number])[] {
  if (shape === null || shaped < settledMin) return [];
  const all = [...partsByPlace(shape)].flatMap(([place, { field }]) =>
    field === undefined ? [] : [[place, field.seenAt] as const],
  );
  if (!all.some(([, seenAt]) => seenAt >= since)) return [];
  const gone = all.filter(([, seenAt]) => seenAt < since);
  return gone.filter(([place]) => !gone.some(([other]) => other !== place && isBelow(place, other)));
}
