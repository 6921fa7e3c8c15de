// Sanitizes text from outside for figures and pages.

// Control characters, unpaired surrogates, and marks that change the direction of the following text.
const unfit = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;

/** Text on one line, without characters that XML does not allow or that could rearrange the text around it. */
export const cleanText = (text: string): string => text.replace(/\s+/g, ' ').replace(unfit, '\ufffd');

/**
 * Text that echarts can measure safely. zrender caches measured text in plain objects by the text itself: `__proto__` and `constructor` would find inherited
 * properties, and zrender would write to them (`Object.prototype` then has enumerable fields). With a space appended they are ordinary keys.
 */
export const drawable = (text: string): string => {
  const clean = cleanText(text);
  return clean in Object.prototype ? `${clean} ` : clean;
};

/** Sanitized text of several lines. */
export const cleanLines = (text: string): string =>
  text
    .split(/\r\n|[\r\n]/)
    .map((line) => line.replace(/\t/g, '  ').replace(unfit, '\ufffd'))
    .join('\n');

/** Truncates a long text. */
export function shortened(text: string, most: number): string {
  const letters = [...cleanText(text)];
  return letters.length <= most ? letters.join('') : `${letters.slice(0, most - 1).join('')}\u2026`;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes text for HTML and XML, between tags and in quoted attributes. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => entities[letter]!);

/** A number with four significant digits; small ones as `1.2e-7`. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '\u221e' : '\u2212\u221e';
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return grouped(value);
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7)
    return value
      .toExponential(3)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  return String(Number(value.toPrecision(4)));
}

/** An integer with thousands separators. */
export const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 row`, `1,000 rows`. */
export const counted = (n: number, what: string): string => `${grouped(n)} ${what}${n === 1 ? '' : what.endsWith('s') ? 'es' : 's'}`;
