// Splits texts into terms: n-grams of words or characters.
import { checkBoolean, checkInteger, checkOneOf, describe, rangeError, typeError } from '../../errors';
import { columnsOf, type Features, isNumeric } from './columns';
import { space, tokenizer, wordsOfTwo } from './token-pattern';

/** The options that determine the terms of a document. */
export interface TextOptions {
  /** Whether documents are converted to lower case first (true). */
  lowercase?: boolean;
  /**
   * Which accents are removed: none (null, default); "ascii": those of ASCII letters, and all other non-ASCII characters are removed too; "unicode": those of
   * all letters.
   */
  stripAccents?: null | 'ascii' | 'unicode';
  /** What terms consist of: words (default), characters, or characters within words padded with a space at both ends. */
  analyzer?: 'word' | 'char' | 'charWb';
  /** The regular expression of a word, in Python's syntax, with at most one group (two or more letters, digits or underscores of any script). */
  tokenPattern?: string;
  /** The smallest and largest number of words or characters of a term (`[1, 1]`). */
  ngramRange?: readonly [least: number, most: number];
  /** Words that are ignored (null: none). */
  stopWords?: readonly string[] | null;
}

/** The input of a vectorizer: strings, or a single column of them. */
export type Documents = readonly string[] | Features;

export const textDefaults: Required<TextOptions> = {
  lowercase: true,
  stripAccents: null,
  analyzer: 'word',
  tokenPattern: wordsOfTwo,
  ngramRange: [1, 1],
  stopWords: null,
};

/** The terms of a document. */
export type Analyze = (document: string, position: number) => string[];

/** The documents that were given to a vectorizer. */
export function documentsOf(where: string, x: unknown): readonly string[] {
  if (typeof x === 'string') throw typeError(where, 'expected a list of documents, got one', '[text]');
  let list: ArrayLike<unknown> = [];
  if (!Array.isArray(x) || Array.isArray(x[0])) {
    const columns = columnsOf(where, x);
    if (columns.list.length !== 1) throw rangeError(where, `expected one column of documents, got ${columns.list.length}`);
    list = columns.list[0]!;
    if (isNumeric(columns.list[0]!) && list.length > 0) throw typeError(where, 'expected documents to be strings, got numbers');
  } else list = x;
  for (let i = 0; i < list.length; i++) {
    if (typeof list[i] !== 'string') throw typeError(where, `expected documents to be strings, got ${describe(list[i])} at position ${i}`);
  }
  return Array.from(list as ArrayLike<string>);
}

// A mark that is sorted behind U+0345 when a text is normalized is one that combines with the letter before: its class is not 0.
const combining = (mark: string): boolean => mark === '\u0345' || `\u0345${mark}`.normalize('NFD') !== `\u0345${mark}`;
const withoutAccents: Record<'ascii' | 'unicode', (text: string) => string> = {
  ascii: (text) => text.normalize('NFKD').replace(/[^\0-\x7f]/g, ''),
  unicode: (text) => text.normalize('NFKD').replace(/\p{M}/gu, (mark) => (combining(mark) ? '' : mark)),
};

const mostTerms = 2 ** 24;
const mostCharacters = 2 ** 27;

// N-grams can need more memory than there is, so their total length is computed before they are made.
class Budget {
  private terms = 0;
  private length = 0;

  constructor(
    private readonly where: string,
    private readonly position: number,
    private readonly low: number,
    private readonly high: number,
  ) {}

  take(parts: number, characters: number): void {
    for (let n = this.low; n <= Math.min(this.high, parts); n++) {
      this.terms += parts - n + 1;
      this.length += ((parts - n + 1) * n * characters) / parts;
      if (this.terms > mostTerms || this.length > mostCharacters) {
        const limits = `${mostTerms} terms, or of ${mostCharacters} characters`;
        throw rangeError(this.where, `the document at position ${this.position} has more than ${limits}`, 'a smaller ngramRange');
      }
    }
  }
}

function runs(parts: readonly string[], low: number, high: number, separator: string): string[] {
  const out: string[] = [];
  for (let i = 0; i + low <= parts.length; i++) {
    let run = parts.slice(i, i + low).join(separator);
    out.push(run);
    for (let end = i + low; end < Math.min(i + high, parts.length); end++) {
      run += separator + parts[end]!;
      out.push(run);
    }
  }
  return out;
}

function runsInWords(words: readonly string[], low: number, high: number): string[] {
  const out: string[] = [];
  for (const bare of words) {
    const characters = [' ', ...bare, ' '];
    for (let n = low; n <= high; n++) {
      for (let i = 0; i === 0 || i + n <= characters.length; i++) out.push(characters.slice(i, i + n).join(''));
      if (n >= characters.length) break; // a word shorter than n is one term
    }
  }
  return out;
}

/** Checks the options, and returns the function that splits a document into terms. */
export function analyzer(where: string, given: Required<TextOptions>): { options: Required<TextOptions>; analyze: Analyze } {
  const lowercase = checkBoolean(where, 'lowercase', given.lowercase);
  const { stripAccents, tokenPattern } = given;
  if (stripAccents !== null) checkOneOf(where, 'stripAccents', stripAccents, ['ascii', 'unicode'] as const);
  const kind = checkOneOf(where, 'analyzer', given.analyzer, ['word', 'char', 'charWb'] as const);
  const tokens = tokenizer(where, tokenPattern);
  const [low, high] = checkRange(where, given.ngramRange);
  const stopWords = checkStopWords(where, given.stopWords);
  const stop = new Set(stopWords);

  const prepared = (document: string): string => {
    const lower = lowercase ? document.toLowerCase() : document;
    return stripAccents === null ? lower : withoutAccents[stripAccents](lower);
  };
  const ofWords: Analyze = (document, position) => {
    const words = tokens(prepared(document)).filter((word) => !stop.has(word));
    if (low === 1 && high === 1) return words;
    new Budget(where, position, low, high).take(words.length, words.join(' ').length);
    return runs(words, low, high, ' ');
  };
  const spaces = new RegExp(`[${space}]{2,}`, 'gu');
  const ofCharacters: Analyze = (document, position) => {
    const text = prepared(document).replace(spaces, ' ');
    const characters = Array.from(text);
    new Budget(where, position, low, high).take(characters.length, text.length);
    return runs(characters, low, high, '');
  };
  const notSpace = new RegExp(`[^${space}]+`, 'gu');
  const insideWords: Analyze = (document, position) => {
    const words = prepared(document).match(notSpace) ?? [];
    const budget = new Budget(where, position, low, high);
    for (const word of words) budget.take(word.length + 2, word.length + 2);
    return runsInWords(words, low, high);
  };
  const analyze = { word: ofWords, char: ofCharacters, charWb: insideWords }[kind];
  return { options: { lowercase, stripAccents, analyzer: kind, tokenPattern, ngramRange: [low, high], stopWords }, analyze };
}

function checkRange(where: string, range: unknown): readonly [number, number] {
  if (!Array.isArray(range) || range.length !== 2)
    throw typeError(where, `expected ngramRange to be [least, most], got ${describe(range)}`);
  for (const end of range) checkInteger(where, 'ngramRange', end, 1);
  if (range[0] > range[1]) throw rangeError(where, `expected ngramRange to be in ascending order, got [${range[0]}, ${range[1]}]`);
  return [range[0], range[1]];
}

function checkStopWords(where: string, words: unknown): readonly string[] | null {
  if (words === null) return null;
  if (!Array.isArray(words)) throw typeError(where, `expected stopWords to be a list of words, got ${describe(words)}`);
  for (let i = 0; i < words.length; i++) {
    if (typeof words[i] !== 'string')
      throw typeError(where, `expected stopWords to be strings, got ${describe(words[i])} at position ${i}`);
  }
  return [...words];
}
