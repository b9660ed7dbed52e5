import type { DetectorName, RedactionPlace, RedactionRule } from "./wire.ts";

/** Names of fields, parameters, attributes and headers by what they hold; case, dashes and underscores do not count. */
const fields: Readonly<Record<string, readonly string[]>> = {
  password: [
    "*password*",
    "*passwd*",
    "*passphrase*",
    "pass",
    "pwd",
    "passcode",
    "pin",
    "pincode",
    "otp",
    "totp",
    "onetimecode",
    "mfacode",
  ],
  secret: ["secret", "secrets", "*secret", "*secretkey*", "secretaccesskey", "*secretvalue", "codeverifier"],
  token: [
    "*token",
    "tokens",
    "tokenvalue",
    "jwt",
    "*jwt",
    "bearer",
    "assertion",
    "clientassertion",
    "samlresponse",
  ],
  key: [
    "*apikey",
    "*accesskey",
    "accesskeyid",
    "*privatekey*",
    "*signingkey",
    "*encryptionkey",
    "*masterkey",
    "sharedkey",
    "sshkey",
    "subscriptionkey",
    "ocpapimsubscriptionkey",
    "functionskey",
    "googapikey",
  ],
  authorization: ["*authorization", "*credential", "*credentials", "authenticitytoken", "auth"],
  session: [
    "cookie",
    "cookies",
    "setcookie",
    "*sessionid",
    "*sessionkey",
    "sessid",
    "phpsessid",
    "jsessionid",
    "connect.sid",
    "sid",
    "csrf",
    "xsrf",
  ],
  card: [
    "*cardnumber",
    "ccnumber",
    "creditcard",
    "debitcard",
    "pan",
    "cvv",
    "cvv2",
    "cvc",
    "cvc2",
    "cardcvc",
    "cardcvv",
    "cardcode",
    "securitycode",
    "trackdata",
  ],
  person: [
    "ssn",
    "socialsecuritynumber",
    "socialsecurity",
    "taxid",
    "nationalid",
    "passportnumber",
    "driverslicense",
    "driverlicensenumber",
  ],
  account: ["iban", "*accountnumber", "routingnumber", "sortcode"],
};

/** Elsewhere these are names of what is no secret as well. */
const headers: Readonly<Record<string, readonly string[]>> = {
  authorization: ["authentication", "x-authentication"],
  session: ["session", "x-session"],
  key: ["x-key"],
};

/** Of signed URLs and of answers that come back by redirect. */
const parameters: readonly string[] = [
  "code",
  "sig",
  "signature",
  "x-amz-signature",
  "x-amz-credential",
  "awsaccesskeyid",
  "x-goog-signature",
  "x-goog-credential",
  "hmac",
  "ticket",
  "key",
  "session",
];

/** In a path, what follows these is of use to whoever reads it. */
const pathWords: readonly string[] = [
  "reset",
  "reset-password",
  "password-reset",
  "forgot-password",
  "token",
  "tokens",
  "invite",
  "invites",
  "invitation",
  "invitations",
  "verify",
  "verify-email",
  "confirm",
  "activate",
  "magic",
  "magic-link",
  "unsubscribe",
  "share",
  "secret",
];

const found: Readonly<Record<string, DetectorName>> = {
  card: "card",
  account: "iban",
  person: "ssn",
  token: "jwt",
  key: "key",
  private_key: "private_key",
  authorization: "bearer",
  password: "url_password",
};

function named(
  category: string,
  places: readonly RedactionPlace[],
  names: readonly string[],
): readonly RedactionRule[] {
  return names.map((field) => ({ id: `default.${category}.${field}`, category, places, match: { field } }));
}

/** Always applied, before what a workspace adds; there is no switch. */
export const defaultRules: readonly RedactionRule[] = [
  ...Object.entries(fields).flatMap(([category, names]) => named(category, [], names)),
  ...Object.entries(headers).flatMap(([category, names]) =>
    names.map((header) => ({ id: `default.header.${header}`, category, places: [], match: { header } })),
  ),
  ...named("signature", ["request.query"], parameters),
  ...named("link", ["request.path"], pathWords),
  ...Object.entries(found).map(([category, detector]) => ({
    id: `default.found.${detector}`,
    category,
    places: [],
    match: { detector },
  })),
  { id: "default.found.random", category: "link", places: ["request.path"], match: { detector: "random" } },
];
