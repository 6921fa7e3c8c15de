// Checks of options that several optimizers, or all, have.
import { checkBoolean, checkNumber, describe, rangeError, typeError } from '../errors';

function checkBeta(where: string, name: string, beta: unknown): void {
  if (typeof beta !== 'number') throw typeError(where, `expected ${name} to be a number, got ${describe(beta)}`);
  if (!(beta >= 0 && beta < 1)) throw rangeError(where, `expected ${name} to be at least 0 and below 1, got ${beta}`);
}

/** Throws unless `value` is two numbers in [0, 1). */
export function checkBetas(where: string, betas: unknown): void {
  if (!Array.isArray(betas) || betas.length !== 2) throw typeError(where, `expected betas to be two numbers, got ${describe(betas)}`);
  checkBeta(where, 'betas[0]', betas[0]);
  checkBeta(where, 'betas[1]', betas[1]);
}

/** Throws for invalid values of the options that every optimizer has. */
export function checkUsual(where: string, { lr, weightDecay, maximize }: { lr: number; weightDecay: number; maximize: boolean }): void {
  checkNumber(where, 'lr', lr, 0);
  checkNumber(where, 'weightDecay', weightDecay, 0);
  checkBoolean(where, 'maximize', maximize);
}
