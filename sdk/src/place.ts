/** Where records go, and with what authority. */
export type Place = {
  readonly url: string;
  readonly key: string;
  readonly environment: string;
  readonly bucket: string;
};

export function addressOf({ url }: Place, path: string): URL {
  return new URL(path, url.endsWith("/") ? url : `${url}/`);
}

const managementTokenPrefix = "mgt_";

/** Which credential it is can be told from how it begins. */
export function headersOfPlace({ key, environment, bucket }: Place): Readonly<Record<string, string>> {
  const credential: Readonly<Record<string, string>> = key.startsWith(managementTokenPrefix)
    ? { "X-Management-Token": key }
    : { Authorization: `Bearer ${key}` };
  return { ...credential, "X-Sluice-Environment": environment, "X-Sluice-Bucket": bucket };
}
