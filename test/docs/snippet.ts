// Runs a piece of documentation and compares the results with those that it states.
//
// A comment behind an expression statement, on its last line, is that expression's result, `x.shape; // [2, 2]`, or the error that it
// throws, `x.item(); // RangeError: [Tensor.item] expected one element`, where the comment is the beginning of the message. Imports from other packages are
// loaded. Everything else is plain TypeScript.
import { parseSync, transformSync } from 'rolldown/utils';

/** The names that a snippet may use without declaring them. */
export type Scope = Record<string, unknown>;

type Run = (...values: unknown[]) => Promise<void>;
const AsyncFunction = (async () => {}).constructor as new (...source: string[]) => Run;

const show = (value: unknown): string =>
  value instanceof Error ? `${value.name}: ${value.message}` : (JSON.stringify(value) ?? String(value));

const plain = (value: unknown): unknown => (ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value);

/**
 * Whether `actual` is the stated value. Numbers with decimals may differ by a relative 1e-6, so that a float32 can be stated in
 * few digits; -0 may be stated as 0.
 */
export function agrees(actual: unknown, written: unknown): boolean {
  const a = plain(actual);
  if (typeof a === 'number' && typeof written === 'number') {
    if (Number.isInteger(written) || !Number.isFinite(written)) return a === written || (Number.isNaN(a) && Number.isNaN(written));
    return Math.abs(a - written) <= 1e-6 * Math.max(1, Math.abs(written));
  }
  if (a === null || written === null || typeof a !== 'object' || typeof written !== 'object') return a === written;
  if (Array.isArray(a) !== Array.isArray(written)) return false;
  const [now, then] = [Object.entries(a), Object.entries(written)];
  return now.length === then.length && now.every(([key, value], i) => key === then[i]![0] && agrees(value, then[i]![1]));
}

function writtenIn(comment: string): unknown {
  try {
    return new Function(`return (${comment});`)();
  } catch {
    throw new Error(`"${comment}" is not a value`);
  }
}

// Compares the result of one statement with its comment.
async function check(statement: () => unknown, source: string, comment: string): Promise<void> {
  const error = /^\w*Error: /.test(comment);
  let result: unknown;
  try {
    result = await statement();
  } catch (thrown) {
    if (!error) throw thrown;
    result = thrown;
  }
  const good = error ? result instanceof Error && show(result).startsWith(comment) : agrees(result, writtenIn(comment));
  if (!good) throw new Error(`${source} gives ${show(plain(result))}, documented is ${comment}`);
}

/** Runs a snippet; fails if a result is not the stated one. Returns the number of results that were compared. */
export async function runSnippet(code: string, scope: Scope): Promise<number> {
  const { program, errors } = parseSync('snippet.ts', code);
  if (errors.length > 0) throw new Error(errors[0]!.message);
  let source = '';
  let checked = 0;
  for (const statement of program.body) {
    const text = code.slice(statement.start, statement.end);
    const comment = /^[ \t]*\/\/[ \t]*(.*)/.exec(code.slice(statement.end))?.[1]?.trim();
    if (statement.type === 'ImportDeclaration' && !statement.source.value.startsWith('simdnn')) {
      const names = statement.specifiers.map(({ local }) => local.name);
      source += `const { ${names.join(', ')} } = await load(${JSON.stringify(statement.source.value)});\n`;
    } else if (statement.type === 'ImportDeclaration') {
      for (const { local } of statement.specifiers) if (!(local.name in scope)) throw new Error(`there is no public name ${local.name}`);
    } else if (statement.type === 'ExpressionStatement' && comment !== undefined) {
      const expression = text.replace(/;$/, '');
      source += `await check(async () => (${expression}), ${JSON.stringify(expression)}, ${JSON.stringify(comment)});\n`;
      checked++;
    } else {
      source += `${text}\n`;
    }
  }
  // Braces: a snippet may declare a name that the scope has as well.
  const javascript = transformSync('snippet.ts', `{${source}}`).code;
  const load = (name: string): Promise<unknown> => import(name);
  await new AsyncFunction('check', 'load', ...Object.keys(scope), javascript)(check, load, ...Object.values(scope));
  return checked;
}

/** The code in the second column of a page's tables of idioms, which are headed `| ... | simdnn | |`. */
export function idiomsOf(page: string): string[] {
  const tables = page.match(/^\|.*\n(?:\|.*\n)+/gm) ?? [];
  return tables
    .map((table) => table.split('\n').map((row) => row.split('|').map((cell) => cell.trim())))
    .filter(([head]) => head![2] === 'simdnn' && head![3] === '')
    .flatMap((rows) => rows.slice(2).flatMap((cells) => (cells.length > 1 ? [/^`(.*)`$/.exec(cells[2]!)?.[1] ?? cells[2]!] : [])));
}
