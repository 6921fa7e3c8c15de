// Translates Python's patterns of tokens to JavaScript, for texts of any script.
import { isRegExp } from '../../brands';
import { describe, rangeError, typeError } from '../../errors';

// Python's character classes cover Unicode; JavaScript's `\w` and `\b` only ASCII.
const word = '\\p{L}\\p{N}_';
const digit = '\\p{Nd}';
/** The characters that Python's `\s` matches, for use in a character class. */
export const space = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const boundary = `(?:(?<=[${word}])(?![${word}])|(?<![${word}])(?=[${word}]))`;
const inner = `(?:(?<=[${word}])(?=[${word}])|(?<![${word}])(?![${word}]))`;

const outside: Record<string, string> = {
  w: `[${word}]`,
  W: `[^${word}]`,
  d: `[${digit}]`,
  D: `[^${digit}]`,
  s: `[${space}]`,
  S: `[^${space}]`,
  b: boundary,
  B: inner,
  A: '^',
  Z: '$',
};
const inside: Record<string, string> = { w: word, d: digit, s: space, b: '\\b', D: '\\P{Nd}' };

// Characters that Python allows behind a backslash, where they stand for themselves, and JavaScript does not.
const plain = /[!"#%&',:;<=>@_`~ -]/;

function escaped(next: string, inClass: boolean): string {
  const known = (inClass ? inside : outside)[next];
  if (known !== undefined) return known;
  if (inClass && (next === 'W' || next === 'S')) throw new SyntaxError(`\\${next} inside [ ]`);
  if (next === '-' && inClass) return '\\-';
  return plain.test(next) ? next : `\\${next}`;
}

/** Translates a Python pattern to JavaScript. */
function translated(pattern: string): string {
  let out = '';
  let inClass = false;
  const source = pattern.replace(/^\(\?u\)/, '').replaceAll('(?P<', '(?<');
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!;
    if (c === '\\' && i + 1 < source.length) out += escaped(source[++i]!, inClass);
    else {
      if (c === '[' && inClass) out += '\\';
      else if (c === '[') inClass = true;
      else if (c === ']') inClass = false;
      out += c;
    }
  }
  return out;
}

/** The vectorizers' default pattern: words of two or more characters. */
export const wordsOfTwo = '(?u)\\b\\w\\w+\\b';
// A faster equivalent of the default pattern: it looks for no word boundaries, and for most texts needs no Unicode classes.
const anyScript = new RegExp(`[${word}]{2,}`, 'gu');
const ascii = /[A-Za-z0-9_]{2,}/g;

/** The function that finds the tokens of a text: Python's `re.findall` with the pattern. */
export type Tokenize = (text: string) => string[];

/** Throws for an invalid pattern, and for one with several groups. */
export function tokenizer(where: string, pattern: unknown): Tokenize {
  if (typeof pattern !== 'string') {
    const hint = isRegExp(pattern) ? 'tokenPattern: pattern.source' : undefined;
    throw typeError(where, `expected tokenPattern to be a pattern as text, got ${describe(pattern)}`, hint);
  }
  if (pattern === wordsOfTwo) return (text) => text.match(/[^\0-\x7f]/.test(text) ? anyScript : ascii) ?? [];
  let expression: RegExp;
  try {
    expression = new RegExp(translated(pattern), 'gu');
  } catch (error) {
    throw rangeError(where, `expected tokenPattern to be a regular expression, got ${describe(pattern)}: ${(error as Error).message}`);
  }
  const groups = new RegExp(`${expression.source}|`, 'u').exec('')!.length - 1;
  if (groups > 1) throw rangeError(where, `expected one group in tokenPattern at most, got ${groups}`);
  if (groups === 0) return (text) => text.match(expression) ?? [];
  return (text) => Array.from(text.matchAll(expression), (found) => found[1] ?? '');
}
