// A JSON parser for files from unknown sources, which refuses or keeps what JSON.parse accepts silently. JSON.parse keeps the last of two members with the same
// name, and makes of a text of 100 MB as many objects as fit into it, which may take more memory than there is.
import { isMap } from '../brands';

/** A parsed value. Objects are Maps, so that a member may be called `__proto__`. */
export type Json = null | boolean | string | number | Json[] | Map<string, Json>;

/** How numbers are read, and the most memory that all values may take together, in bytes, roughly. */
export interface JsonLimits {
  numberOf(text: string): number;
  memory: number;
}

/** The most memory for the values of any text: less than JavaScript's heap has on a small machine. */
export const mostMemory = 1.5 * 2 ** 30;

// What values take, in bytes, roughly.
const costs = { object: 300, member: 60, array: 60, string: 40, number: 16 } as const;

const deepest = 512; // Writer allows 100 levels of values, each at most 4 levels here, plus the levels around them
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const words: readonly [string, Json][] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

class Parser {
  private at = 0;
  private memory = 0;

  constructor(
    private readonly text: string,
    private readonly limits: JsonLimits,
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

  private spend(bytes: number): void {
    this.memory += bytes;
    if (this.memory > this.limits.memory) this.refuse(`the values take more than ${Math.round(this.limits.memory / 2 ** 20)} MB of memory`);
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
    this.spend(costs.number);
    return this.limits.numberOf(found[0]);
  }

  private object(depth: number): Map<string, Json> {
    const members = new Map<string, Json>();
    this.spend(costs.object);
    this.at++;
    if (this.takes('}')) return members;
    do {
      this.space();
      if (this.text[this.at] !== '"') this.refuse('expected a name');
      const name = this.string();
      this.spend(costs.member);
      if (members.has(name)) this.refuse(`${JSON.stringify(name)} stands twice`);
      if (!this.takes(':')) this.refuse('expected ":"');
      members.set(name, this.value(depth + 1));
    } while (this.takes(','));
    if (!this.takes('}')) this.refuse('expected "," or "}"');
    return members;
  }

  private array(depth: number): Json[] {
    const values: Json[] = [];
    this.spend(costs.array);
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
    this.spend(costs.string + 2 * value.length);
    return value;
  }
}

/** Parses a text; `fail` throws with what is wrong. */
export const parseJson = (
  text: string,
  fail: (message: string) => never,
  limits: JsonLimits = { numberOf: Number, memory: mostMemory },
): Json => new Parser(text, limits, fail).whole();

/** The value as JSON.parse would give it. */
export function plainOf(json: Json): unknown {
  if (Array.isArray(json)) return json.map(plainOf);
  // Defined as own properties, so that any name is allowed.
  if (isMap(json)) return Object.fromEntries([...json].map(([name, value]) => [name, plainOf(value)]));
  return json;
}
