// What a trace may show of addresses, headers and bodies. Knows names that secrets go by, no platform.

/** Characters of a body that are worth tracing. */
const BODY_LENGTH = 2048;
const MASK = '***';

const SECRET_NAME =
  /token|passw|pwd|secret|signature|credential|authorization|cookie|jwt|api[-_]?key|^sig$|^sid$|session|^otp$|^x-(amz|goog)-|^awsaccesskeyid$/i;

/** What a setting is set to, in events that tell of it; a figure is no secret. */
const SETTING_VALUE = /^(old_|new_|previous_)?value$/i;
/** A field of JSON within a JSON text; a value that the end of the text cuts off counts as well. */
const INNER_FIELD =
  /\\"((?:[^"\\]|\\\\(?:\\\\|\\"|[^\\"]))*)\\"(\s*:\s*)\\"(?:[^"\\]|\\\\(?:\\\\|\\"|[^\\"]))*(?:\\"|\\*$)/g;

export interface Masking {
  url(text: string): string;
  /** `credential` names the headers that carry one, whatever they are called. */
  headers(headers: Readonly<Record<string, unknown>>, credential?: readonly string[]): string[];
  /** The beginning of a JSON, form or text body on one line. */
  body(text: string): string;
}

/** `secretQuery`: names of query parameters to mask besides those that look secret by themselves. */
export function createMasking(secretQuery: readonly string[] = []): Masking {
  const extra = new Set(secretQuery.map((name) => name.toLowerCase()));
  const isSecret = (name: string) => SECRET_NAME.test(name) || extra.has(name.toLowerCase());

  const maskQueries = (text: string): string =>
    // Go escapes the ampersands of addresses inside JSON.
    text.replace(
      /([?&;]|\\u0026|^)([^=&?#;\s"'\\<>]+)=([^&#;\s"'\\<>]*)/gi,
      (whole, before: string, name: string) =>
        isSecret(decodeName(name)) ? `${before}${name}=${MASK}` : whole,
    );
  const maskUserInfo = (text: string): string => text.replace(/(\w:\/\/)[^/\s"'@?#]*@/g, `$1${MASK}@`);
  const maskFields = (text: string): string =>
    // A value that the end of the text cuts off counts as well.
    text.replace(
      /"((?:[^"\\]|\\.)*)"(\s*:\s*)("(?:[^"\\]|\\.)*(?:"|\\?$)|[^\s,}\]{["]+)/g,
      (whole, name: string, between: string, value: string) => {
        const isHidden = isSecret(name) || (SETTING_VALUE.test(name) && value.startsWith('"'));
        return isHidden ? `"${name}"${between}"${MASK}"` : maskInner(whole);
      },
    );
  const maskInner = (text: string): string =>
    text.replace(INNER_FIELD, (whole, name: string, between: string) =>
      isSecret(name) || SETTING_VALUE.test(name) ? `\\"${name}\\"${between}\\"${MASK}\\"` : whole,
    );

  const url = (text: string) => maskQueries(maskUserInfo(text));
  return {
    url,
    headers(headers, credential = []) {
      const hidden = new Set(credential.map((name) => name.toLowerCase()));
      return Object.entries(headers)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => {
          const secret = hidden.has(name.toLowerCase()) || SECRET_NAME.test(name);
          return `${name}: ${secret ? MASK : oneLine(url(String(value)))}`;
        });
    },
    body(text) {
      const shown = oneLine(url(maskFields(text.slice(0, BODY_LENGTH))));
      return text.length > BODY_LENGTH ? `${shown} … (${text.length} characters)` : shown;
    },
  };
}

/** Foreign text for a sentence: one line, no control characters, no secrets, at most 200 characters. */
export function shortText(text: string): string {
  const shown = createMasking().body(text.slice(0, 1000)).replace(/\s+/g, ' ').trim();
  return shown.length > 200 ? `${shown.slice(0, 200)}…` : shown;
}

function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
