// Lists of what the library exports of each kind. Tests that iterate over them test new members without change.
import { unaryFunctions } from '../native/descriptions/index.mjs';
import * as layers from '../src/nn';
import type { Layer } from '../src/nn/containers';
import type { Module } from '../src/nn/module';
import * as functions from '../src/ops/activations';
import type { Reduction } from '../src/ops/loss';
import * as losses from '../src/ops/pairwise-losses';
import * as optim from '../src/optim';
import type { Tensor } from '../src/tensor';

const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

interface Unary {
  value: (x: number, ...parameters: number[]) => number;
  parameters?: { fallback?: number }[];
}

const described = Object.entries(unaryFunctions as unknown as Record<string, Unary>).map(([name, { value, parameters = [] }]) => ({
  name: camel(name),
  value,
  defaults: parameters.map(({ fallback }) => fallback),
}));
const needsNothing = described.filter(({ defaults }) => !defaults.includes(undefined));

/** The activations whose only argument is x, by the names of their functions. */
export const activations = Object.fromEntries(
  Object.entries(functions as unknown as Record<string, (x: Tensor) => Tensor>).filter(([name]) =>
    needsNothing.some((f) => f.name === name),
  ),
);

/** Their formulas in float64, with the defaults of their parameters. */
export const formulas = Object.fromEntries(
  needsNothing.map(({ name, value, defaults }) => [name, (x: number) => value(x, ...(defaults as number[]))]),
);

// ReLU is relu, MSELoss mseLoss.
const functionOf = (of: object, layer: string): string | undefined =>
  Object.keys(of).find((name) => name.toLowerCase() === layer.toLowerCase());

/** The layers of activations without required options: their class and the name of the corresponding function. */
export const activationLayers = Object.entries(layers).flatMap(([name, make]) => {
  const of = functionOf(activations, name);
  return of === undefined ? [] : [{ name, make: make as new () => Layer, of }];
});

/** The losses between pairs of numbers, by the names of their functions. */
export const pairwiseLosses = losses as unknown as Record<string, (x: Tensor, target: Tensor, options?: object) => Tensor>;

export type PairwiseLoss = Module & { reduction: Reduction; forward(output: Tensor, target: Tensor): Tensor };

/** Their layers: the class and the name of the corresponding function. */
export const pairwiseLayers = Object.entries(layers).flatMap(([name, make]) => {
  const of = functionOf(losses, name);
  return of === undefined ? [] : [{ name, make: make as unknown as new (options?: { reduction?: Reduction }) => PairwiseLoss, of }];
});

// Muon steps only matrices, and LBFGS needs the loss.
const special = ['Muon', 'LBFGS', 'SparseAdam'];

/** The optimizers that step parameters of any shape from their gradients. */
export const optimizers = Object.entries(optim).flatMap(([name, make]) =>
  typeof make === 'function' && make.prototype instanceof optim.Optimizer && !special.includes(name)
    ? [{ name, make: make as unknown as new (params: unknown[], options?: object) => optim.SGD | optim.Adam | optim.RMSprop }]
    : [],
);
