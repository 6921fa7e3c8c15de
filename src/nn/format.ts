// Modules as text, in PyTorch's layout, so that a model printed here and there can be compared.

const indent = (text: string): string => text.replaceAll('\n', '\n  ');

/** `Name(extra)`, or `Name(` with a line for each child between the parentheses. */
export function formatModule(name: string, extra: string, children: readonly (readonly [label: string, text: string])[]): string {
  if (children.length === 0 && !extra.includes('\n')) return `${name}(${extra})`;
  const lines = [...(extra === '' ? [] : extra.split('\n')), ...children.map(([label, text]) => `(${label}): ${indent(text)}`)];
  return `${name}(\n  ${lines.join('\n  ')}\n)`;
}

/** Neighbours that print alike as one: `(0-2): 3 x ReLU()`. The names are the numbers from 0. */
export function groupAlike(texts: readonly string[]): [label: string, text: string][] {
  const groups: { first: number; count: number; text: string }[] = [];
  texts.forEach((text, i) => {
    const last = groups.at(-1);
    if (last?.text === text) last.count++;
    else groups.push({ first: i, count: 1, text });
  });
  return groups.map(({ first, count, text }) =>
    count === 1 ? [`${first}`, text] : [`${first}-${first + count - 1}`, `${count} x ${text}`],
  );
}

/** A number as Python prints a float: `1.0`, `0.01`, `1e-05`. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 16)) return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  return Number.isInteger(value) ? `${Object.is(value, -0) ? '-0' : value}.0` : String(value);
}

/** A boolean as Python prints it. */
export const pythonBool = (value: boolean): string => (value ? 'True' : 'False');

/** A shape as Python prints a tuple: `(3,)`, `(2, 3)`. */
export const pythonShape = (shape: readonly number[]): string => (shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`);
