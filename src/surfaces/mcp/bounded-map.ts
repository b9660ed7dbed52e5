export type BoundedMap<V> = {
  get(key: string): V | undefined;
  keep(key: string, value: V): void;
};

/** What was worked out, by what it depends on; beyond `max` the one kept longest goes. */
export function boundedMap<V>(max: number): BoundedMap<V> {
  const values = new Map<string, V>();
  return {
    get: (key) => values.get(key),
    keep(key, value) {
      const [oldest] = values.keys();
      if (values.size >= max && oldest !== undefined) values.delete(oldest);
      values.set(key, value);
    },
  };
}
