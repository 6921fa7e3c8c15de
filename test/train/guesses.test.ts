// What a fit knows, asks for or refuses, where it would else have to guess: inputs, directions, schedules, modes, and what is trained.
import { runInThisContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { data, manualSeed, metrics, nn, ones, optim, randn, type Tensor, tensor, train, zeros } from '../../src';
import { mostArguments } from '../../src/train/inputs';
import { rejection } from '../rejection';
import { bitsOf, eagerFit, eagerStep, type FitRun, makeModel, quiet, students } from './runs';

const criterion = new nn.CrossEntropyLoss();

function setUp(): FitRun & { epochs: number } {
  manualSeed(6);
  const model = makeModel([13, 16, 5], { dropout: 0.3 });
  const loader = new data.DataLoader(students(80), { batchSize: 32, shuffle: true }) as unknown as FitRun['loader'];
  return { model, criterion, optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), loader, epochs: 4 };
}

const fitOf = ({ model, ...rest }: FitRun, options: Partial<train.FitOptions> = {}) => train.fit(model, { ...rest, ...quiet, ...options });

interface Two {
  forward: (...args: never[]) => unknown;
}

describe('inputs are counted', () => {
  const triples = new data.DataLoader(new data.TensorDataset(randn([20, 3]), randn([20, 1]), ones([20, 1])), { batchSize: 8 });
  class One extends nn.Module {
    layer = new nn.Linear(3, 1);
    override forward(x: Tensor): Tensor {
      return this.layer.forward(x);
    }
  }
  const message = (name: string) =>
    `a batch has 3 tensors: the model gets 2 and the criterion 1, but ${name}.forward takes 1\n  hint: a batch is [...inputs, target]`;

  it.each([
    ['Sequential', () => new nn.Sequential(new nn.Linear(3, 1))],
    ['Linear', () => new nn.Linear(3, 1)],
    ['One', () => new One()],
  ])('%s gets one too many', async (name, make) => {
    for (const loader of [triples, [...triples]]) {
      const model = make();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const fit = train.fit(model, { criterion: new nn.MSELoss(), optimizer, loader, epochs: 1, ...quiet });
      expect((await rejection(fit)).message).toContain(message(name));
      expect((await rejection(train.evaluate(model, loader, { criterion: new nn.MSELoss() }))).message).toContain(message(name));
      model.forward(randn([1, 3]));
    }
  });

  it('a batch of inputs without a target', async () => {
    const loader = new data.DataLoader(new data.TensorDataset(randn([20, 13])), { batchSize: 8 }) as unknown as FitRun['loader'];
    expect((await rejection(fitOf({ ...setUp(), loader }))).message).toMatch(
      /a batch has 1 tensor: none is left for Sequential\.forward, which takes 1/,
    );
  });

  it('arguments that are none', async () => {
    const { model, loader, ...rest } = setUp();
    const more = [3] as unknown as never[];
    const options = { ...rest, loader, ...quiet };
    expect((await rejection(train.fit(model, options, ...more))).message).toBe('[train.fit] expected a model and options, got 3 arguments');
    expect((await rejection(train.evaluate(model, loader, {}, ...more))).message).toMatch(/got 4 arguments/);
    expect((await rejection(train.predict(model, randn([2, 13]), {}, ...more))).message).toMatch(
      /expected a model, its input and options, got 4 arguments/,
    );
  });

  it('as far as the text of a function tells', () => {
    // As other compilers, or nobody, would write them.
    const written = (text: string) => runInThisContext(text) as (...args: never[]) => unknown;
    const { forward } = written('({ forward(x, /* the mask, or */ mask /* , none */,) { return x; } })') as unknown as Two;
    const cases: [(...args: never[]) => unknown, number][] = [
      [(x: number) => x, 1],
      [(x: number, y: number) => x + y, 2],
      [(x: number, y = 3) => x + y, 2],
      [({ a, b }: { a: number; b: number }, [c, d]: number[] = [1, 2], e = Math.max(1, 2)) => [a, b, c, d, e], 3],
      [(...all: number[]) => all, Infinity],
      [(x: number, ...all: number[]) => [x, all], Infinity],
      [() => 0, 0],
      [written('x => x'), 1],
      [written('(function (x) { return arguments.length; })'), 1],
      [written('(function (x) { return arguments[1]; })'), Infinity],
      [written('(function (x) { return [...arguments]; })'), Infinity],
      [forward, 2],
      [((x: number) => x).bind(null), Infinity],
      [written('(x, how = ",") => x'), Infinity],
    ];
    for (const [fn, most] of cases) expect(mostArguments(fn), String(fn)).toBe(most);
  });
});

describe('early stopping', () => {
  class Error2 extends metrics.Metric {
    override higherIsBetter: boolean | null = null;
    private at = -1;
    constructor(higherIsBetter?: boolean | null) {
      super();
      if (higherIsBetter !== undefined) this.higherIsBetter = higherIsBetter;
    }
    update(): void {}
    compute(): Tensor {
      return tensor([3, 1, 2, 4, 5][this.at]!);
    }
    reset(): void {
      this.at++;
    }
  }
  const stopped = async (metric: metrics.Metric, mode?: 'min' | 'max') => {
    const run = setUp();
    const states: string[][] = [];
    const { metrics: figures } = await fitOf(run, {
      epochs: 5,
      metrics: { error: metric },
      onEpoch: () => void states.push(bitsOf(run.model)),
      earlyStopping: { monitor: 'error', patience: 2, restoreBest: true, ...(mode && { mode }) },
    });
    return [figures['error'], states.findIndex((state) => String(state) === String(bitsOf(run.model)))];
  };

  it('goes the way that the metric says, or that it is told', async () => {
    expect(await stopped(new Error2(false))).toEqual([[3, 1, 2, 4], 1]);
    expect(await stopped(new Error2(true))).toEqual([[3, 1, 2], 0]);
    expect(await stopped(new Error2(), 'min')).toEqual([[3, 1, 2, 4], 1]);
    expect(await stopped(new Error2(null), 'max')).toEqual([[3, 1, 2], 0]);
  });

  it.each([undefined, null])('asks where the metric does not say: %s', async (says) => {
    const error = await rejection(stopped(new Error2(says)));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toMatch(/cannot know whether "error" is to become smaller or larger\n {2}hint: .*mode: "min"/);
  });
});

describe('schedulers', () => {
  class Given extends metrics.Metric {
    constructor(override readonly higherIsBetter: boolean | null) {
      super();
    }
    private at = 0;
    update(): void {}
    compute(): Tensor {
      return tensor(this.at++);
    }
    reset(): void {}
  }
  const { ReduceLROnPlateau, OneCycleLR, StepLR } = optim.lrScheduler;
  type Made = (run: FitRun) => train.FitOptions['scheduler'];
  const refused: [string, Made, RegExp][] = [
    ['a plateau of mode max without a figure', ({ optimizer }) => new ReduceLROnPlateau(optimizer, { mode: 'max' }), /monitor: "up"/],
    [
      'a plateau that watches the wrong way',
      ({ optimizer }) => ({ scheduler: new ReduceLROnPlateau(optimizer), monitor: 'up' }),
      /the scheduler's mode is "min", but "up" is to become larger/,
    ],
    [
      'a figure that does not exist',
      ({ optimizer }) => ({ scheduler: new ReduceLROnPlateau(optimizer), monitor: 'x' }),
      /scheduler\.monitor cannot be "x" \(known: loss, up\)/,
    ],
    [
      'a figure for one that watches none',
      ({ optimizer }) => ({ scheduler: new StepLR(optimizer, { stepSize: 1 }), monitor: 'loss' }),
      /watches nothing/,
    ],
    [
      'a plateau after each step',
      ({ optimizer }) => ({ scheduler: new ReduceLROnPlateau(optimizer), interval: 'step' }),
      /stepped after each epoch/,
    ],
    ['another optimizer', () => new StepLR(setUp().optimizer, { stepSize: 1 }), /sets the rates of another optimizer/],
    [
      'an interval that is none',
      ({ optimizer }) => ({ scheduler: new StepLR(optimizer, { stepSize: 1 }), interval: 'day' as 'step' }),
      /interval/,
    ],
    [
      'a misspelt option',
      ({ optimizer }) => ({ scheduler: new StepLR(optimizer, { stepSize: 1 }), intervall: 'step' }) as never,
      /did you mean "interval"/,
    ],
  ];
  it.each(refused)('%s is refused', async (_, make, message) => {
    const run = setUp();
    const error = await rejection(fitOf(run, { scheduler: make(run)!, metrics: { up: new Given(true) } }));
    expect(error.message).toMatch(message);
    run.model.forward(randn([1, 13]));
  });

  it('a plateau is given what it is to watch', async () => {
    const watched = async (mode: 'min' | 'max', options: Partial<train.ScheduleOptions>, more: Partial<train.FitOptions> = {}) => {
      const run = setUp();
      const scheduler = new ReduceLROnPlateau(run.optimizer, { mode });
      const step = vi.spyOn(scheduler, 'step');
      const result = await fitOf(run, {
        ...more,
        metrics: { up: new Given(mode === 'max' ? true : null) },
        scheduler: { scheduler, ...options },
      });
      return [step.mock.calls.map(([metric]) => metric), result] as const;
    };
    const [losses, first] = await watched('min', {});
    expect(losses).toEqual(first.loss);
    const [validated, second] = await watched('min', {}, { validation: setUp().loader });
    expect(validated).toEqual(second.validationLoss);
    const [trained, third] = await watched('min', { monitor: 'loss' }, { validation: setUp().loader });
    expect(trained).toEqual(third.loss);
    expect((await watched('max', { monitor: 'up' }))[0]).toEqual([0, 1, 2, 3]);
    expect((await watched('min', { monitor: 'up' }))[0]).toEqual([0, 1, 2, 3]);
  });

  const perStep: [string, (run: FitRun) => { step(): void }, boolean][] = [
    ['OneCycleLR by itself', ({ optimizer }) => new OneCycleLR(optimizer, { maxLr: 0.5, totalSteps: 12 }), false],
    ['any other when told so', ({ optimizer }) => new StepLR(optimizer, { stepSize: 1, gamma: 0.9 }), true],
    [
      'one of one’s own',
      ({ optimizer }) => ({
        step: () => {
          optimizer.paramGroups[0]!.lr *= 0.8;
        },
      }),
      true,
    ],
  ];
  describe.each(['rows', 'own'])('over batches that are %s', (kind) => {
    const make = () => {
      const run = setUp();
      const { loader } = run;
      const own = { [Symbol.iterator]: () => loader[Symbol.iterator](), length: loader.length };
      return kind === 'rows' ? run : { ...run, loader: own as unknown as FitRun['loader'] };
    };
    it.each(perStep)('%s is stepped after each step', async (_, scheduled, told) => {
      const run = make();
      const scheduler = scheduled(run);
      const { loss } = await fitOf(run, { scheduler: told ? { scheduler, interval: 'step' } : scheduler });
      const loop = make();
      const other = scheduled(loop);
      const losses = Array.from({ length: loop.epochs }, () => {
        let total = 0;
        for (const batch of loop.loader) {
          total += eagerStep(loop, batch);
          other.step();
        }
        return total / loop.loader.length;
      });
      expect(loss).toEqual(losses);
      expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
      expect(run.optimizer.paramGroups[0]!.lr).toBe(loop.optimizer.paramGroups[0]!.lr);
    });
  });

  it('a scheduler is stepped after the last step before a dataset throws', async () => {
    const { tensors } = students(8);
    const loader = {
      *[Symbol.iterator]() {
        for (let i = 0; i < 3; i++) yield tensors;
        throw new Error('no more');
      },
    };
    const run = setUp();
    const scheduler = new StepLR(run.optimizer, { stepSize: 1, gamma: 0.5 });
    const options = { loader, scheduler: { scheduler, interval: 'step' as const } };
    expect((await rejection(fitOf(run, options))).message).toBe('no more');
    expect(run.optimizer.paramGroups[0]!.lr).toBe(0.1 * 0.5 ** 3);
  });
});

describe('modes', () => {
  it('a model that was left in evaluation mode trains in training mode, and is left as it was', async () => {
    const run = setUp();
    run.model.eval();
    let inCallback = false;
    const { loss } = await fitOf(run, {
      onEpoch: () => {
        inCallback = run.model.training;
      },
    });
    expect(inCallback).toBe(true);
    const loop = setUp();
    expect(loss).toEqual(eagerFit(loop));
    expect(bitsOf(run.model)).toEqual(bitsOf(loop.model));
    expect(run.model.modules().some(({ training }) => training)).toBe(false);
  });

  it('a part alone in evaluation mode stays so', async () => {
    const part = (run: FitRun) => run.model.children()[2]!.eval();
    const run = setUp();
    part(run);
    const { loss } = await fitOf(run);
    const loop = setUp();
    part(loop);
    expect(loss).toEqual(eagerFit(loop));
    expect(run.model.children().map(({ training }) => training)).toEqual(loop.model.children().map(({ training }) => training));
  });
});

describe('what is not trained', () => {
  let warnings: string[];
  beforeEach(() => {
    warnings = [];
    vi.spyOn(process, 'emitWarning').mockImplementation((warning, options) => {
      warnings.push(`${(options as { code: string }).code} ${warning}`);
    });
  });
  afterEach(() => void vi.restoreAllMocks());

  it('an optimizer of another model is refused', async () => {
    const run = setUp();
    const other = makeModel([13, 5]);
    const error = await rejection(fitOf(run, { optimizer: new optim.SGD(other.parameters(), { lr: 0.1 }) }));
    expect(error.message).toBe('[train.fit] the optimizer has no parameter of this model\n  hint: new optim.SGD(model.parameters(), ...)');
    run.model.forward(randn([1, 13]));
    other.forward(randn([1, 13]));
  });

  it('a step that is no step is refused: accumulation by a counter', async () => {
    const run = setUp();
    let calls = 0;
    const { optimizer } = run;
    const step = optimizer.step.bind(optimizer);
    optimizer.step = () => (++calls % 4 === 0 ? step() : null);
    const before = bitsOf(run.model);
    expect((await rejection(fitOf(run))).message).toMatch(/the step does something else each time/);
    optimizer.step = () => (++calls % 1000 === 0 ? step() : null);
    expect((await rejection(fitOf(run))).message).toMatch(/a training step changes no parameter of the optimizer/);
    expect(bitsOf(run.model)).toEqual(before);
    run.model.forward(randn([1, 13]));
  });

  it('a parameter that the optimizer does not have is said once, by name', async () => {
    const run = setUp();
    run.optimizer = new optim.SGD(run.model.parameters().slice(0, 3), { lr: 0.1 });
    await fitOf(run);
    await fitOf(run);
    expect(warnings).toEqual([
      'SIMDNN_NOT_TRAINED [train.fit] some parameters are not trained: the optimizer does not have 3.bias. Where that is meant, requiresGrad_(false) says so.',
    ]);
  });

  it('a parameter without a gradient is said too, of the model or not', async () => {
    class Half extends nn.Module {
      used = new nn.Linear(13, 5);
      unused = new nn.Linear(13, 5);
      override forward(x: Tensor): Tensor {
        return this.used.forward(x);
      }
    }
    const [model, { loader }] = [new Half(), setUp()];
    const stranger = new nn.Parameter(zeros([2]));
    const optimizer = new optim.SGD([{ params: model.parameters() }, { params: [stranger] }], { lr: 0.1 });
    await train.fit(model, { criterion, optimizer, loader, epochs: 1, ...quiet });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('the loss sends no gradient to unused.weight, unused.bias, paramGroups[1].params[0].');
  });

  it('a parameter in a private field, which nobody finds, is said by its shape', async () => {
    class Private extends nn.Module {
      readonly #body = new nn.Linear(13, 8, { bias: false });
      head = new nn.Linear(8, 5);
      override forward(x: Tensor): Tensor {
        return this.head.forward(this.#body.forward(x));
      }
    }
    const [model, { loader }] = [new Private(), setUp()];
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    await train.fit(model, { criterion, optimizer, loader, epochs: 1, ...quiet });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('the optimizer does not have a parameter [8, 13] that model.parameters() does not find.');
  });

  it('nothing is said of what is frozen, and of a model that is trained whole', async () => {
    const run = setUp();
    await fitOf(run);
    const [first] = run.model.parameters();
    first!.requiresGrad_(false);
    await fitOf({ ...run, optimizer: new optim.SGD(run.model.parameters().slice(1), { lr: 0.1 }) });
    const own = setUp();
    await fitOf({ ...own, loader: [...own.loader] as unknown as FitRun['loader'] });
    expect(warnings).toEqual([]);
  });
});
