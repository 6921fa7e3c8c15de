// Parses the values of options. An invalid value is an error that names the option.
import { InvalidArgumentError } from 'commander';

/** A number within bounds. */
export const number =
  (least: number, most = Infinity, isOpen = false) =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(value) && value >= least && value <= most && !(isOpen && (value === least || value === most))) return value;
    const range = most === Infinity ? (isOpen ? `above ${least}` : `of at least ${least}`) : `between ${least} and ${most}`;
    throw new InvalidArgumentError(`It is to be a number ${range}.`);
  };

/** An integer within bounds. */
export const integer =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It is to be an integer ${range}.`);
  };

/** The sizes of hidden layers, such as 64,32; 0 means none. */
export function sizes(text: string): number[] {
  if (text.trim() === '0') return [];
  return text.split(',').map((one) => {
    const value = one.trim() === '' ? Number.NaN : Number(one);
    if (Number.isInteger(value) && value >= 1 && value <= 65_536) return value;
    throw new InvalidArgumentError('It is to be sizes of layers like 64,32, or 0 for no hidden layer.');
  });
}

/** A delimiter. A shell passes "\t" as two characters, which are accepted as a tab. */
export const separator = (text: string): string => text.replaceAll('\\t', '\t');

/** Collects the values of an option that is given several times. */
export const collect = (text: string, before: readonly string[] | undefined): string[] => [...(before ?? []), text];
