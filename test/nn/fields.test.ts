// Whatever is assigned to a field of a layer, a loss or a list of modules holds from the next call on: in the eager loop, in compiled
// functions, in a fit and in predictions alike. A field or a class without a case here fails by its name.
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, nn, noGrad, ones, optim, type Tensor, tensor, train } from '../../src';
import { activationLayers, pairwiseLayers } from '../found';
import { flat, thrownBy } from '../helpers';
import {
  type Case,
  classWeight,
  entry,
  type Fields,
  frozen,
  integer,
  notNumbers,
  number,
  parameter,
  plain,
  reduction,
  word,
} from './field-kinds';
import { layerCases } from './layer-cases';
import { lossFields } from './loss-fields';

// Calls the parts of its list, in a loop or by their numbers.
class Holder extends nn.Module {
  constructor(
    readonly list: nn.ModuleList<nn.Layer>,
    readonly byNumber = false,
  ) {
    super();
  }
  forward(x: Tensor): Tensor {
    if (this.byNumber) return this.list[1]!.call(this.list[0]!.call(x));
    let y = x;
    for (const layer of this.list) y = layer.call(y);
    return y;
  }
}

// Of activations and losses of pairs: numbers become others, reductions others.
const inherited = Object.keys(new nn.Identity());
function found(make: new () => nn.Module): Case {
  const subject = new make() as nn.Module & Fields;
  const own = Object.keys(subject).filter((name) => !inherited.includes(name));
  return { make: () => new make(), fields: Object.fromEntries(own.map((name) => [name, fieldLike(subject[name])])) };
}
function fieldLike(value: unknown): Case['fields'][string] {
  if (typeof value === 'number') return number(value / 200, value * 2); // a threshold of 20 is met by no value otherwise
  if (['none', 'mean', 'sum'].includes(value as string)) return reduction;
  throw new Error(`no values are known to try instead of ${value}`);
}
const isWritten = (name: string): boolean => name === 'GELU'; // words

const cases: Record<string, Case> = {
  ...layerCases,
  ...Object.fromEntries(
    [...activationLayers, ...pairwiseLayers].filter(({ name }) => !isWritten(name)).map(({ name, make }) => [name, found(make)]),
  ),
  BatchNorm1d: {
    make: () => new nn.BatchNorm1d(3),
    fields: {
      eps: number(0.1, 1),
      momentum: { to: [() => 0.5, () => null], not: ['0.5', Number.NaN, -1, 2] },
      weight: parameter(
        () => frozen([1, 2, 3]),
        () => null,
      ),
      bias: parameter(
        () => frozen([1, 2, 3]),
        () => null,
      ),
    },
    fixed: ['numFeatures', 'running_mean', 'running_var', 'num_batches_tracked'], // a training does not show them: batch-norm.test.ts
  },
  BCELoss: {
    make: () => new nn.BCELoss(),
    fields: { reduction, weight: classWeight },
    scores: () => new nn.Sigmoid(),
  },
  BCEWithLogitsLoss: {
    make: () => new nn.BCEWithLogitsLoss(),
    fields: { reduction, weight: classWeight, pos_weight: { ...classWeight, as: 'posWeight' } },
  },
  KLDivLoss: {
    make: () => new nn.KLDivLoss(),
    fields: {
      reduction: { to: [() => 'sum', () => 'batchmean'], not: ['average', 0, null] },
      logTarget: { to: [() => true, () => false], not: [1, 'true', null] },
    },
    scores: () => new nn.LogSoftmax({ dim: 1 }),
  },
  CrossEntropyLoss: {
    make: () => new nn.CrossEntropyLoss(),
    fields: { labelSmoothing: number(0.2, 0.1), ignoreIndex: integer(1, 2), reduction, weight: classWeight },
  },
  ...lossFields,
  Dropout: { make: () => new nn.Dropout(0.5), fields: { p: { ...number(0.25, 0, 0.9), not: [...notNumbers, -0.1, 1.1] } } },
  Flatten: { make: () => new nn.Flatten(), fields: { startDim: integer(2, 1), endDim: integer(1, -1) } },
  GELU: { make: () => new nn.GELU(), fields: { approximate: word('tanh', 'none') } },
  Identity: plain(() => new nn.Identity()),
  Linear: {
    make: () => new nn.Linear(2, 2),
    fields: {
      weight: parameter(() =>
        frozen([
          [1, 2],
          [3, 4],
        ]),
      ),
      bias: parameter(
        () => frozen([1, 2]),
        () => null,
      ),
    },
    fixed: ['inFeatures', 'outFeatures'], // the sizes of the weight that is there at first; printed
  },
  LogSoftmax: { make: () => new nn.LogSoftmax({ dim: 1 }), fields: { dim: integer(2, -2) } },
  ModuleList: { make: () => new nn.ModuleList([new nn.Tanh(), new nn.SiLU()]), fields: { 0: entry, 1: entry } },
  NLLLoss: {
    make: () => new nn.NLLLoss(),
    fields: { ignoreIndex: integer(1, 2), reduction, weight: classWeight },
    scores: () => new nn.LogSoftmax({ dim: 1 }),
  },
  LayerNorm: {
    make: () => new nn.LayerNorm(2),
    fields: {
      eps: number(0.1, 1),
      weight: parameter(
        () => frozen([1, 2]),
        () => null,
      ),
      bias: parameter(
        () => frozen([1, 2]),
        () => null,
      ),
    },
    fixed: ['normalizedShape'],
  },
  RMSNorm: {
    make: () => new nn.RMSNorm(2),
    fields: {
      eps: { to: [() => 0.1, () => null], not: ['0.5', Number.NaN, -1] },
      weight: parameter(
        () => frozen([1, 2]),
        () => null,
      ),
    },
    fixed: ['normalizedShape'], // the shape of the weight that is there at first; printed
  },
  Sequential: { make: () => new nn.Sequential(new nn.Tanh(), new nn.SiLU()), fields: { 0: entry, 1: entry } },
  Threshold: { make: () => new nn.Threshold(0.1, 20), fields: { threshold: number(-0.5, 0.4), value: number(3, -1) } },
  Softmax: { make: () => new nn.Softmax({ dim: 1 }), fields: { dim: integer(2, -2) } },
};

// A LazyLinear is a Linear from its first call on, and so is a LazyBatchNorm1d.
const classes = Object.entries(nn as unknown as Fields)
  .filter(([name, value]) => !name.startsWith('Lazy') && typeof value === 'function' && value.prototype instanceof nn.Module)
  .map(([name]) => name);
const isLoss = (name: string): boolean => name.endsWith('Loss');
const inputsOf = (name: string): number => cases[name]?.inputs ?? (isLoss(name) ? 2 : name === 'ModuleList' ? 0 : 1);

const takesPairs = (name: string): boolean =>
  pairwiseLayers.some((layer) => layer.name === name) || ['BCELoss', 'BCEWithLogitsLoss', 'KLDivLoss'].includes(name);

interface Part {
  call(...args: Tensor[]): Tensor;
}

interface Setting {
  model: nn.Module & { forward(x: Tensor): Tensor };
  criterion: { forward(output: Tensor, target: Tensor): Tensor };
  subject: nn.Module & Fields;
  batch: [Tensor, Tensor];
}

// A model, or a loss, that has the class in it: the same each time.
function settingOf(name: string, byNumber = false): Setting {
  manualSeed(1);
  const { make, scores, given } = cases[name]!;
  const subject = make() as nn.Module & Fields;
  const values = (rows: number, width: number) =>
    Array.from({ length: rows }, (_, r) => Array.from({ length: width }, (_, c) => r - c / 2 - 1));
  if (isLoss(name)) {
    const model = new nn.Sequential(new nn.Linear(2, 3), (scores?.() ?? new nn.Identity()) as nn.Layer);
    const target = takesPairs(name) ? ones([4, 3]) : tensor(Int32Array.of(0, 1, 2, 1));
    const loss = subject as unknown as { forward(...inputs: Tensor[]): Tensor };
    const criterion = given === undefined ? loss : { forward: (output: Tensor, labels: Tensor) => loss.forward(...given(output, labels)) };
    return { model, criterion, subject, batch: [tensor(values(4, 2)), target] };
  }
  const holder = () => new Holder(subject as unknown as nn.ModuleList<nn.Layer>, byNumber);
  const part = cases[name]!.around?.(subject as never) ?? ((name === 'ModuleList' ? holder() : subject) as nn.Layer);
  // The number of dimensions counts: it is what Flatten changes.
  const criterion = { forward: (output: Tensor, target: Tensor) => output.mul(output.shape.length).sub(target).pow(2).mean() };
  return {
    model: new nn.Sequential(new nn.Linear(2, 2), part),
    criterion,
    subject,
    batch: [tensor(values(12, 2)).reshape([4, 3, 2]), ones([4, 1, 1])],
  };
}

const optimizerOf = (model: nn.Module) => new optim.SGD(model.parameters(), { lr: 0.005 });

// Two steps before the first change and two after each; the losses, and the parameters in the end.
function loop(name: string, changes: ((subject: Fields) => void)[], compiled: boolean, byNumber = false): number[] {
  const { model, criterion, subject, batch } = settingOf(name, byNumber);
  const optimizer = optimizerOf(model);
  const eager = (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion.forward((model as unknown as Part).call(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const step = compiled ? compile(eager) : eager;
  const losses: number[] = [];
  for (const change of [() => {}, ...changes]) {
    change(subject);
    for (let i = 0; i < 2; i++) losses.push(step(...batch).item());
  }
  return [...losses, ...Object.values(model.stateDict()).flatMap(flat)];
}

async function fit(name: string, changes: ((subject: Fields) => void)[], byNumber = false): Promise<number[]> {
  const { model, criterion, subject, batch } = settingOf(name, byNumber);
  const { loss } = await train.fit(model, {
    criterion,
    optimizer: optimizerOf(model),
    loader: [batch],
    epochs: 2 + 2 * changes.length,
    progress: false,
    onEpoch: ({ epoch }) => {
      if (epoch % 2 === 0) changes[epoch / 2 - 1]?.(subject);
    },
  });
  return [...loss, ...Object.values(model.stateDict()).flatMap(flat)];
}

async function predictions(name: string, changes: ((subject: Fields) => void)[], how: 'eager' | 'predict'): Promise<number[]> {
  const { model, subject, batch } = settingOf(name);
  model.eval();
  const outputs: number[] = [];
  for (const change of [() => {}, ...changes]) {
    change(subject);
    const y = how === 'eager' ? noGrad(() => model.forward(batch[0])) : await train.predict(model, batch[0]);
    outputs.push(...y.shape, ...flat(y));
  }
  return outputs;
}

const fieldsOf = (name: string): string[] => Object.keys(cases[name]!.make());
const all = Object.entries(cases).flatMap(([name, { fields }]) => Object.keys(fields).map((field) => [name, field] as const));
const changesOf = (name: string, field: string): ((subject: Fields) => void)[] =>
  cases[name]!.fields[field]!.to.map((make) => (subject) => {
    subject[field] = make();
  });

const unchanged = (changes: unknown[]) => changes.map(() => () => {});

describe('every class of nn', () => {
  it('has a case', () => {
    expect(classes.filter((name) => !(name in cases) && name !== 'Module')).toEqual([]);
    expect(Object.keys(cases).filter((name) => !classes.includes(name))).toEqual([]);
  });
  it.each(Object.keys(cases))('%s has a case for each field', (name) => {
    const { fields, fixed = [] } = cases[name]!;
    expect(fieldsOf(name).filter((field) => !(field in fields) && !fixed.includes(field))).toEqual([]);
  });
  it.each(classes.filter((name) => inputsOf(name) > 0))('%s counts its inputs', (name) => {
    const module = cases[name]!.make() as unknown as { forward(...args: unknown[]): unknown; call(...args: unknown[]): unknown };
    const taken = inputsOf(name);
    const expected = taken === 1 ? '1 input' : `${taken} inputs`;
    for (const given of [0, 1, 2, 3, 4].filter((n) => n !== taken)) {
      const inputs = Array.from({ length: given }, () => ones([2, 2]));
      for (const method of ['forward', 'call'] as const) {
        const error = thrownBy(() => module[method](...inputs));
        expect(error).toBeInstanceOf(TypeError);
        expect(error.message).toBe(`[${name}.forward] expected ${expected}, got ${given}`);
      }
    }
  });
});

describe('a change of', () => {
  it.each(all)('%s.%s counts from the next step on, in the loop, compiled and in a fit', async (name, field) => {
    const changes = changesOf(name, field);
    const eager = loop(name, changes, false);
    expect(eager.every(Number.isFinite)).toBe(true);
    expect(eager).not.toEqual(loop(name, unchanged(changes), false));
    expect(loop(name, changes, true)).toEqual(eager);
    expect(await fit(name, changes)).toEqual(eager);
  });
  it.each(all.filter(([name]) => !isLoss(name) && cases[name]!.inEvaluation !== false))(
    '%s.%s counts in the next prediction',
    async (name, field) => {
      const changes = changesOf(name, field);
      expect(await predictions(name, changes, 'predict')).toEqual(await predictions(name, changes, 'eager'));
    },
  );
  it.each(all)('%s.%s to what it may not be is an error that names both', async (name, field) => {
    const entries = name === 'Sequential' || name === 'ModuleList';
    const called = cases[name]!.fields[field]!.as ?? field;
    const place =
      cases[name]!.refusal?.(field) ?? (entries ? `[${name}[${field}]] expected a module` : `[${name}.forward] expected ${called} `);
    for (const value of cases[name]!.fields[field]!.not) {
      const wrong = [(subject: Fields) => Object.assign(subject, { [field]: value })];
      for (const compiled of [false, true]) {
        const error = thrownBy(() => loop(name, wrong, compiled));
        expect(error.message).toContain(place);
        expect([TypeError, RangeError]).toContain(error.constructor);
      }
      await expect(fit(name, wrong)).rejects.toThrow(place);
    }
  });
});

describe('a list of modules', () => {
  type List = nn.ModuleList<nn.Layer>;
  const changes: Record<string, (list: List) => unknown> = {
    append: (list) => void list.append(new nn.Sigmoid()),
    extend: (list) => void list.extend([new nn.Sigmoid(), new nn.ELU()]),
    insert: (list) => list.insert(0, new nn.Sigmoid()),
    pop: (list) => void list.pop(),
    'pop(0)': (list) => void list.pop(0),
    slice: (list) => void list.extend(list.slice(1)),
    exchange: (list) => Object.assign(list, [list[1], list[0]]),
  };
  const there = Object.keys(changes).flatMap((change) => ['Sequential', 'ModuleList'].map((name) => [name, change] as const));
  it.each(there)('%s: %s is noticed', async (name, change) => {
    const made = [changes[change] as unknown as (subject: Fields) => void];
    const eager = loop(name, made, false);
    expect(eager).not.toEqual(loop(name, [() => {}], false));
    expect(loop(name, made, true)).toEqual(eager);
    expect(await fit(name, made)).toEqual(eager);
  });
  it.each(['append', 'exchange'])('that is read by its numbers: %s is noticed where it counts', async (change) => {
    const made = [changes[change] as unknown as (subject: Fields) => void];
    const eager = loop('ModuleList', made, false, true);
    expect(loop('ModuleList', made, true, true)).toEqual(eager);
    expect(await fit('ModuleList', made, true)).toEqual(eager);
  });
  it('has a recording for each of two lists that take turns', () => {
    const list = new nn.Sequential(new nn.Tanh());
    let runs = 0;
    const predict = compile((x: Tensor) => {
      runs++;
      return list.forward(x);
    });
    const [a, b] = [list[0]!, new nn.Sigmoid()];
    for (let i = 0; i < 6; i++) {
      list[0] = i % 2 === 0 ? a : b;
      expect(flat(predict(ones([1])))).toEqual(flat(list.forward(ones([1]))));
    }
    expect(runs).toBe(2);
  });
});

describe('a forward hook', () => {
  const doubling: nn.ForwardHook = (_, __, output) => (output as Tensor).mul(2);
  const place: Record<string, (model: Fields) => nn.Module> = {
    'of a part': (subject) => subject as unknown as nn.Module,
    'of a part of a part': (subject) => subject['0'] as nn.Module,
  };
  it.each(Object.keys(place))('%s that is added or removed later is noticed', async (where) => {
    const changes = () => {
      let handle: nn.HookHandle;
      const add = (subject: Fields) => {
        handle = place[where]!(subject).registerForwardHook(doubling);
      };
      return [add, () => handle.remove(), add];
    };
    const eager = loop('Sequential', changes(), false);
    expect(eager).not.toEqual(loop('Sequential', unchanged(changes()), false));
    expect(loop('Sequential', changes(), true)).toEqual(eager);
    expect(await fit('Sequential', changes())).toEqual(eager);
    expect(await predictions('Sequential', changes(), 'predict')).toEqual(await predictions('Sequential', changes(), 'eager'));
  });
  it('that takes itself away is called once, and so it is compiled', () => {
    for (const wrap of [(fn: (x: Tensor) => Tensor) => fn, (fn: (x: Tensor) => Tensor) => compile(fn)]) {
      const layer = new nn.Identity();
      const handle = layer.registerForwardHook((_, __, output) => {
        handle.remove();
        return (output as Tensor).mul(2);
      });
      const call = wrap((x) => layer.call(x).add(1));
      expect([1, 2, 3].map((v) => call(tensor(v)).item())).toEqual([3, 3, 4]);
    }
  });
});
