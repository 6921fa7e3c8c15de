// Values of options, from what was typed. What cannot be used is a mistake in the usage, told with the option's name.
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

/** Sizes of layers, as in 64,32; 0 stands for none. */
export function sizes(text: string): number[] {
  if (text.trim() === '0') return [];
  return text.split(',').map((one) => {
    const value = one.trim() === '' ? Number.NaN : Number(one);
    if (Number.isInteger(value) && value >= 1 && value <= 65_536) return value;
    throw new InvalidArgumentError('It is to be sizes of layers like 64,32, or 0 for no hidden layer.');
  });
}

/** What separates values. A shell hands on "\t" as two characters, and what messages say is to work as it stands. */
export const separator = (text: string): string => text.replaceAll('\\t', '\t');

/** What is given again and again, as a list. */
export const collect = (text: string, before: readonly string[] | undefined): string[] => [...(before ?? []), text];
