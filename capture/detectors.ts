import { bearer } from "./detectors/bearer.ts";
import { card } from "./detectors/card.ts";
import type { Detector } from "./detectors/detector.ts";
import { email } from "./detectors/email.ts";
import { iban } from "./detectors/iban.ts";
import { jwt } from "./detectors/jwt.ts";
import { key } from "./detectors/key.ts";
import { privateKey } from "./detectors/private-key.ts";
import { random } from "./detectors/random.ts";
import { ssn } from "./detectors/ssn.ts";
import { urlPassword } from "./detectors/url-password.ts";
import type { DetectorName } from "./wire.ts";

/** What rules may name. */
export const detectors: Readonly<Record<DetectorName, Detector>> = {
  card,
  iban,
  ssn,
  email,
  jwt,
  key,
  private_key: privateKey,
  bearer,
  url_password: urlPassword,
  random,
};
