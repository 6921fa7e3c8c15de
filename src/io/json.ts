// A JSON parser for files from unknown sources, which refuses or keeps what JSON.parse accepts silently. JSON.parse keeps the last of two members with the same
// name, rounds integers above 2^53, and reads 1.0 as 1.
import { isMap } from '../brands';

/** A parsed value. Objects are Maps, so that a member may be called `__proto__`. */
export type Json = null | boolean | string | JsonNumber | Json[] | Map<string, Json>;

/** A number as text. */
export class JsonNumber {
  constructor(readonly text: string) {}

  get value(): number {
    return Number(this.text);
  }

  /** The integer, if it is written as one and is at most 2^53; else null. */
  get whole(): number | null {
    const { value } = this;
    return /^\d+$/.test(this.text) && Number.isSafeInteger(value) ? value : null;
  }
}

const deepest = 512; // Writer allows 100 levels of values, each at most 4 levels here, plus the levels around them
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const words: readonly [string, Json][] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

class Parser {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly fail: (message: string) => never,
  ) {}

  whole(): Json {
    const value = this.value(0);
    this.space();
    if (this.at < this.text.length) this.refuse('expected its end');
    return value;
  }

  private refuse(message: string): never {
    return this.fail(`${message} at character ${this.at}`);
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.at++;
    }
  }

  private takes(mark: string): boolean {
    this.space();
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  private value(depth: number): Json {
    if (depth > deepest) this.refuse(`nested more than ${deepest} deep`);
    this.space();
    const first = this.text[this.at];
    if (first === '{') return this.object(depth);
    if (first === '[') return this.array(depth);
    if (first === '"') return this.string();
    for (const [word, value] of words) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return value;
    }
    number.lastIndex = this.at;
    const found = number.exec(this.text);
    if (found === null) return this.refuse('expected a value');
    this.at += found[0].length;
    return new JsonNumber(found[0]);
  }

  private object(depth: number): Map<string, Json> {
    const members = new Map<string, Json>();
    this.at++;
    if (this.takes('}')) return members;
    do {
      this.space();
      if (this.text[this.at] !== '"') this.refuse('expected a name');
      const name = this.string();
      if (members.has(name)) this.refuse(`${JSON.stringify(name)} stands twice`);
      if (!this.takes(':')) this.refuse('expected ":"');
      members.set(name, this.value(depth + 1));
    } while (this.takes(','));
    if (!this.takes('}')) this.refuse('expected "," or "}"');
    return members;
  }

  private array(depth: number): Json[] {
    const values: Json[] = [];
    this.at++;
    if (this.takes(']')) return values;
    do values.push(this.value(depth + 1));
    while (this.takes(','));
    if (!this.takes(']')) this.refuse('expected "," or "]"');
    return values;
  }

  private string(): string {
    const { text, at } = this;
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    let value: string;
    try {
      value = JSON.parse(text.slice(at, end + 1)) as string;
    } catch {
      return this.refuse('expected a text');
    }
    if (/\p{Surrogate}/u.test(value)) this.refuse('half of a character');
    this.at = end + 1;
    return value;
  }
}

/** Parses a text; `fail` throws with what is wrong. */
export const parseJson = (text: string, fail: (message: string) => never): Json => new Parser(text, fail).whole();

/** The value as JSON.parse would give it. */
export function plainOf(json: Json): unknown {
  if (json instanceof JsonNumber) return json.value;
  if (Array.isArray(json)) return json.map(plainOf);
  // Defined as own properties, so that any name is allowed.
  if (isMap(json)) return Object.fromEntries([...json].map(([name, value]) => [name, plainOf(value)]));
  return json;
}
