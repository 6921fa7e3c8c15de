// Random programs that fit, evaluate and predict, against the same written out as a loop: every loss, metric, report, parameter, buffer, state and
// random number has the same bits, and errors are of the same class. What a fit refuses counts only where `refusals` names the reason.
// A failure prints the smallest program that fails, with seed and path (SIMDNN_SEED, SIMDNN_PATH) that find it again. Many more programs
// than `npm test` has time for: SIMDNN_PROGRAMS=5000 npx vitest run test/train-programs.test.ts
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { compile, manualSeed, metrics, nn, noGrad, optim, rand, randn, type Tensor, train } from '../src';
import { randomPosition } from '../src/random';
import { anything, compareNotes, makeLoss, makeScheduler, Notes, runsOf, snapshot } from './compile-programs';
import { thrownBy } from './helpers';
import { rejection } from './train/runs';
import { Bits, type events, type Loader, makeLoader, Net, needsSameWidth, optimizerOf, type Program, program } from './train-programs';

type Group = optim.ParamGroup<optim.SGDOptions & optim.AdamOptions>;
type Figures = Record<string, number>;

/** Where onBatch was called: after so many batches of an epoch, before or after its end. */
type Call = `${number} ${number} ${'within' | 'ended'}`;

class Stopped extends Error {}

// ---- A program, set up

function setUp(p: Program) {
  manualSeed(p.seed);
  const classes = needsSameWidth(p) ? p.width : p.layers.at(-1)!.out;
  const series = { tensor: randn([40, p.width]) };
  const net = new Net(p, classes, series);
  const parameters = net.parameters();
  parameters.forEach((parameter, i) => {
    if (((i * 7 + p.seed) % 10) / 10 < p.frozen) parameter.requiresGrad_(false);
  });
  const optimizer = optimizerOf(p, parameters);
  const loss = makeLoss(needsSameWidth(p) ? { ...p, loss: p.loss === 'own' ? 'own' : 'mse' } : p, classes);
  const criterion = {
    forward: (out: Tensor, y: Tensor) => loss.forward(out, y),
    get reduction() {
      return loss.criterion.reduction;
    },
  };
  const made = makeLoader(p.loader, { p, loss, series });
  const { loader } = made;
  const validation =
    p.validation === 'none' ? undefined : p.validation === 'same' ? loader : makeLoader(p.validation, { p, loss, series }).loader;
  const scheduler = makeScheduler(p.scheduler, optimizer) as optim.lrScheduler.LRScheduler | null;
  const metric =
    p.metrics === 'accuracy' && loss.ofClasses && classes > 1
      ? new metrics.Accuracy({ task: 'multiclass', numClasses: classes, ignoreIndex: -100 })
      : p.metrics === 'none'
        ? null
        : new Bits();
  if (p.evaluating) net.eval();
  return {
    p,
    series,
    net,
    parameters,
    optimizer,
    loss,
    criterion,
    loader,
    ends: made.ends,
    validation,
    scheduler,
    metric,
    classes,
    kinds: new Set<string>(),
  };
}
type SetUp = ReturnType<typeof setUp>;

/** What differs between the loop and the library while a callback runs. */
interface Means {
  evaluate(): Promise<Figures>;
  predict(x: Tensor): Promise<Tensor>;
  /** The model's output, of a function compiled before the fit. */
  compiled(x: Tensor): Tensor;
  /** Forgets the tensors that modules keep in fields: replays, which run no JavaScript, would leave there what the last eager call has put there. */
  forget(): void;
}

// ---- The loop

const inEvaluation = async <T>(net: nn.Module, fn: () => T | Promise<T>): Promise<T> => {
  const training = net.modules().filter((m) => m.training);
  for (const m of training) m.training = false;
  try {
    return await noGrad(() => fn());
  } finally {
    for (const m of training) m.training = true;
  }
};

const forward = (net: Net, batch: readonly Tensor[]): Tensor => net.call(...(batch.slice(0, -1) as [Tensor]));

// What batches have in common that one recording serves.
const kindOf = (batch: readonly Tensor[]): string => batch.map((t) => `${t.shape} ${batch.indexOf(t)}`).join('; ');

async function loopEvaluate({ net, criterion, metric, kinds }: SetUp, loader: Loader): Promise<Figures> {
  if (loader.length === 0) throw new RangeError('no batches');
  return inEvaluation(net, () => {
    let [total, weight, batches] = [0, 0, 0];
    const sums = criterion.reduction === 'sum';
    metric?.reset();
    for (const batch of loader) {
      batches++;
      kinds.add(`evaluated ${kindOf(batch)}`);
      const out = forward(net, batch);
      const rows = sums ? 1 : batch.at(-1)!.shape[0]!;
      total += rows * criterion.forward(out, batch.at(-1)!).item();
      weight += rows;
      metric?.update(out, batch.at(-1)!);
    }
    if (batches === 0) throw new RangeError('no batches');
    return { loss: sums ? total : total / weight, ...(metric && { metric: metric.compute().item() }) };
  });
}

interface Result {
  loss: number[];
  validationLoss?: number[] | undefined;
  metric?: number[] | undefined;
  epochs: number;
}

async function loopFit(s: SetUp, onEpoch: OnEpoch, onBatch: OnBatch, calls: ReadonlySet<Call>, signal: AbortSignal): Promise<Result> {
  const { p, net, optimizer, criterion, loader, validation, scheduler, metric } = s;
  if (loader.length === 0 || validation?.length === 0) throw new RangeError('no batches');
  const switched = net.training ? [] : net.modules().filter((m) => !m.training);
  for (const m of switched) m.training = true;
  const everyStep = p.scheduler !== 'none' && (p.everyStep || scheduler!.interval === 'step');
  const result: Result = { loss: [], epochs: 0, ...(validation && { validationLoss: [] }), ...(metric && { metric: [] }) };
  let [best, waited] = [Infinity, 0];
  let state: nn.StateDict | null = null;
  try {
    for (let epoch = 1; epoch <= p.epochs; epoch++) {
      if (signal.aborted) throw signal.reason;
      let [total, batches] = [0, 0];
      if (!validation) metric?.reset();
      for (const batch of loader) {
        const target = batch.at(-1)!;
        s.kinds.add(kindOf(batch));
        optimizer.zeroGrad();
        const out = forward(net, batch);
        const loss = criterion.forward(out, target);
        loss.backward();
        optimizer.step();
        total += loss.item();
        batches++;
        if (!validation) metric?.update(out.detach(), target);
        if (everyStep) scheduler!.step();
        if (calls.has(`${epoch} ${batches} within`)) {
          await onBatch({ epoch, batch: batches, batches: loader.length, loss: total / batches });
          if (signal.aborted) throw signal.reason;
        }
      }
      if (batches === 0) throw new RangeError('no batches');
      const loss = total / batches;
      result.loss.push(loss);
      result.epochs++;
      const figures = validation && (await loopEvaluate(s, validation));
      if (figures) result.validationLoss!.push(figures['loss']!);
      if (metric) result.metric!.push(figures ? figures['metric']! : metric.compute().item());
      if (scheduler && !everyStep) scheduler.step();
      await onEpoch({ epoch, epochs: p.epochs, loss, validationLoss: figures?.['loss'], metrics: metric ? [result.metric!.at(-1)] : [] });
      if (p.stopping) {
        const watched = figures?.['loss'] ?? loss;
        if (watched < best) {
          [best, waited] = [watched, 0];
          if (p.stopping.restoreBest) state = Object.fromEntries(Object.entries(net.stateDict()).map(([name, t]) => [name, t.clone()]));
        } else if (++waited >= p.stopping.patience) break;
      }
      if (calls.has(`${epoch} ${batches} ended`)) await onBatch({ epoch, batch: batches, batches: loader.length, loss });
    }
  } finally {
    for (const m of switched) m.training = false;
  }
  if (state) net.loadStateDict(state);
  return result;
}

// ---- What is told, and what happens then

type OnEpoch = (report: {
  epoch: number;
  epochs: number;
  loss: number;
  validationLoss?: number | undefined;
  metrics: unknown[];
}) => unknown;
type OnBatch = (report: train.BatchReport) => unknown;

class Callbacks {
  readonly controller = new AbortController();
  private saved: ReturnType<typeof snapshot> | null = null;
  private batchCalls = 0;
  private readonly x: Tensor;

  constructor(
    private readonly s: SetUp,
    private readonly notes: Notes,
    private readonly means: Means,
  ) {
    this.x = randn([3, s.p.width]);
  }

  async epoch(epoch: number): Promise<void> {
    this.notes.at = `epoch ${epoch}`;
    for (const e of this.s.p.events) if (e.in === 'epoch' && e.at + 1 === epoch) await this.happen(e.kind, e.of);
    this.means.forget();
  }
  async batch(): Promise<void> {
    const call = this.batchCalls++;
    // A bad option within an epoch ends the fit before the step that the loop begins with its forward pass, and where there is none.
    this.notes.at = `call ${call}`;
    for (const e of this.s.p.events) if (e.in === 'batch' && e.at === call && e.kind !== 'bad option') await this.happen(e.kind, e.of);
    this.means.forget();
  }

  /** All that there is to see. */
  look(): void {
    const { notes, s } = this;
    for (const [name, parameter] of s.net.namedParameters()) {
      notes.tensor(name, parameter);
      notes.add(`version of ${name}`, parameter.requiresGrad);
    }
    for (const [name, buffer] of s.net.namedBuffers()) notes.tensor(name, buffer);
    notes.optimizer('the optimizer', s.optimizer);
    notes.tensor('series', s.series.tensor);
    notes.add(
      'modes',
      s.net
        .modules()
        .map((m) => Number(m.training))
        .join(''),
    );
    notes.add('random position', JSON.stringify(randomPosition()));
    this.lookAtKept();
  }

  // What a step left by another way than its result: as in the loop, or an error that says so.
  private lookAtKept(): void {
    for (const t of this.s.net.kept) {
      let bits: unknown;
      try {
        bits = t === null ? anything : t.toArray().toString();
      } catch (error) {
        if ((error as { code?: string }).code !== 'SIMDNN_LEFT_RECORDING') throw error;
        bits = anything;
      }
      this.notes.add('kept', bits);
    }
  }

  step([...batch]: readonly Tensor[], clears = true): void {
    const { net, criterion, optimizer } = this.s;
    if (clears) optimizer.zeroGrad();
    const loss = criterion.forward(forward(net, batch), batch.at(-1)!);
    loss.backward();
    optimizer.step();
    this.notes.tensor('eager step', loss);
  }

  private async happen(kind: (typeof events)[number], of: number): Promise<void> {
    const { s, notes } = this;
    const { net, optimizer, loss } = s;
    const parameter = s.parameters[of % s.parameters.length]!;
    const group = optimizer.paramGroups[of % optimizer.paramGroups.length]! as unknown as Group;
    const isSGD = optimizer instanceof optim.SGD;
    const block = net.blocks[of % net.blocks.length]!;
    switch (kind) {
      case 'lr':
        group.lr = of / 2000;
        break;
      case 'decay':
        group.weightDecay = of % 2 === 0 ? 0 : of / 1000;
        break;
      case 'momentum':
        if (!isSGD) group.betas = [of / 200, 0.99];
        else if (!group.nesterov) group.momentum = of % 3 === 0 ? 0 : of / 200;
        break;
      case 'amsgrad':
        if (!isSGD && !s.p.fading) group.amsgrad = !group.amsgrad;
        break;
      case 'maximize':
        group.maximize = !group.maximize;
        break;
      case 'bad option':
        group.lr = -1;
        break;
      case 'replace groups':
        optimizer.paramGroups = optimizer.paramGroups.map((g) => ({ ...g, lr: g.lr * 0.5 })) as never;
        break;
      case 'load model':
        net.loadStateDict(Object.fromEntries(Object.entries(net.stateDict()).map(([name, t]) => [name, t.mul(0.9)])));
        break;
      case 'load optimizer':
        if (this.saved !== null) optimizer.loadStateDict(this.saved);
        this.saved = snapshot(optimizer);
        break;
      case 'in place':
        parameter.data[of % parameter.numel] = of / 100;
        break;
      case 'init':
        nn.init.uniform_(parameter, -0.5, 0.5);
        break;
      case 'copy':
        noGrad(() => parameter.mul_(0.9).add_(0.01));
        break;
      case 'freeze':
        parameter.requiresGrad_(!parameter.requiresGrad);
        break;
      case 'replace':
        block.linear.weight = new nn.Parameter(block.linear.weight.mul(0.5).detach());
        break;
      case 'replace layer':
        net.renew();
        break;
      case 'dropout':
        if (block.dropout !== null) block.dropout.p = of % 4 === 0 ? 0 : of / 100;
        break;
      case 'mode':
        if (of % 3 === 0) net.eval();
        else if (of % 3 === 1) net.train();
        else block.eval();
        break;
      case 'field': {
        const { activation } = block;
        if (activation instanceof nn.LeakyReLU) activation.negativeSlope = of / 100;
        else if (activation instanceof nn.ELU) activation.alpha = of / 50;
        else if (activation instanceof nn.GELU) activation.approximate = activation.approximate === 'none' ? 'tanh' : 'none';
        else if (activation instanceof nn.Softplus) activation.beta = 1 + of / 50;
        break;
      }
      case 'plain field':
        net.change(of);
        break;
      case 'criterion': {
        const { criterion } = loss;
        if (of % 3 === 0) criterion.reduction = criterion.reduction === 'mean' ? 'sum' : 'mean';
        else if (criterion instanceof nn.CrossEntropyLoss && of % 3 === 1) criterion.labelSmoothing = of / 200;
        else if (!(criterion instanceof nn.MSELoss)) criterion.weight = of % 2 === 0 ? null : rand([s.classes]).add(0.5);
        break;
      }
      case 'hook':
        block.registerForwardHook((_, __, output) => (output as Tensor).mul(1 - of / 1000));
        break;
      case 'buffer': {
        const buffers = net.buffers();
        if (buffers.length > 0) noGrad(() => buffers[of % buffers.length]!.mul_(0.5));
        break;
      }
      case 'draw':
        notes.tensor('drawn', rand([of]));
        break;
      case 'seed':
        manualSeed(of);
        break;
      case 'loader':
        for (const batch of s.loader) {
          notes.tensor('batch', batch[0]!);
          break;
        }
        break;
      case 'series':
        noGrad(() => s.series.tensor.mul_(1.01));
        break;
      case 'eager step':
        for (const batch of s.loader) {
          this.step(batch, of % 2 === 0);
          break;
        }
        break;
      case 'compiled':
        notes.tensor('compiled', this.means.compiled(this.x));
        break;
      case 'evaluate':
        notes.add('evaluate', JSON.stringify(await this.means.evaluate()));
        break;
      case 'predict':
        notes.tensor('predict', await this.means.predict(this.x));
        break;
      case 'kept':
        this.look();
        break;
      case 'throw':
        throw new Stopped('thrown by a callback');
      case 'abort':
        this.controller.abort(new Stopped('aborted by a callback'));
        break;
    }
  }
}

// ---- Runs

interface Run {
  notes: Notes;
  calls: Set<Call>;
  /** How often the model's forward was run by the fit, and of how many kinds the batches of the loop were. */
  forwards: number;
  kinds: number;
  refused: (Error & { code?: string }) | null;
  /** Of all that was thrown. */
  messages: string[];
}

async function run(p: Program, calls: ReadonlySet<Call> | null): Promise<Run> {
  const isLoop = calls !== null;
  const s = setUp(p);
  const { net, criterion, loader, validation, metric, scheduler } = s;
  const notes = new Notes();
  const plain = (x: Tensor): Tensor => noGrad(() => net.forward(x));
  const compiled = p.compiles ? compile(plain) : plain;
  const made: Run = { notes, calls: new Set(calls), forwards: 0, kinds: 0, refused: null, messages: [] };
  const options = { criterion, ...(metric && { metrics: { metric } }) };
  const means: Means = isLoop
    ? {
        evaluate: () => loopEvaluate(s, validation ?? loader),
        predict: (x) => inEvaluation(net, () => net.call(x)),
        compiled: plain,
        forget: () => {},
      }
    : {
        evaluate: () => train.evaluate(net, validation ?? loader, options),
        predict: (x) => train.predict(net, x),
        compiled,
        forget: () => net.forget(),
      };
  const callbacks = new Callbacks(s, notes, means);
  const x = randn([2, p.width]);
  const attempt = async (what: string, fn: () => unknown): Promise<void> => {
    if (made.refused !== null) return;
    notes.at = what;
    try {
      await fn();
      if (what !== 'fit') means.forget();
    } catch (error) {
      if (!isLoop && refusalOf(p, error as Error) !== undefined) made.refused = error as Error;
      notes.add('threw', `${(error as Error).constructor.name}${error instanceof Stopped ? error.message : ''}`);
      made.messages.push(`${what}: ${String(error)}`);
    }
  };
  await attempt('before', () => {
    for (let i = 0; i < 3; i++) notes.tensor('compiled', means.compiled(x));
  });
  let ended = 0;
  const onEpoch: OnEpoch = async (report) => {
    ended = report.epoch;
    notes.at = `epoch ${report.epoch}`;
    notes.add('report', JSON.stringify(report));
    await callbacks.epoch(report.epoch);
  };
  const onBatch: OnBatch = async ({ epoch, batch, batches, loss }) => {
    made.calls.add(`${epoch} ${batch} ${ended >= epoch ? 'ended' : 'within'}`);
    notes.at = `batch ${batch} of epoch ${epoch}`;
    notes.add('report', JSON.stringify([batches, loss]));
    await callbacks.batch();
  };
  const has = (kind: 'epoch' | 'batch'): boolean => p.events.some((e) => e.in === kind);
  const toldOfEpochs = has('epoch') || has('batch');
  const { signal } = callbacks.controller;
  const counted = vi.spyOn(net, 'forward');
  await attempt('fit', async () => {
    const nothing = () => {};
    const result = isLoop
      ? await loopFit(s, toldOfEpochs ? onEpoch : nothing, has('batch') ? onBatch : nothing, calls, signal)
      : await libraryFit();
    notes.at = 'result';
    notes.add('result', JSON.stringify(result));
  });
  made.forwards = counted.mock.calls.length;
  made.kinds = s.kinds.size;
  counted.mockRestore();

  async function libraryFit(): Promise<Result> {
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
      now += p.tick;
      return now;
    });
    try {
      const fitting = train.fit(net, {
        ...options,
        optimizer: s.optimizer,
        loader,
        epochs: p.epochs,
        progress: false,
        progressEvery: 1e6,
        detectAnomaly: p.anomaly,
        signal,
        ...(validation && { validation }),
        ...(scheduler && { scheduler: p.everyStep ? { scheduler, interval: 'step' as const } : scheduler }),
        ...(p.stopping && { earlyStopping: p.stopping }),
        ...(toldOfEpochs && {
          onEpoch: ({ metrics: figures, ...report }: train.EpochReport) => onEpoch({ ...report, metrics: Object.values(figures) }),
        }),
        ...(has('batch') && { onBatch }),
      });
      await refusedBeside(s, fitting, () => compiled(x));
      const { loss, validationLoss, metrics: figures, epochs } = await fitting;
      return {
        loss,
        epochs,
        ...(validationLoss && { validationLoss }),
        ...(metric && { metric: figures['metric'] }),
      };
    } finally {
      clock.mockRestore();
    }
  }

  await attempt('after the fit', () => {
    callbacks.look();
    notes.add('generators', JSON.stringify(s.ends));
  });
  await attempt('evaluation', async () => notes.add('figures', JSON.stringify(await means.evaluate())));
  const rows = net.mixesRows ? Math.min(p.rowsPredicted, 256) : p.rowsPredicted;
  const many = randn([rows, p.width]);
  await attempt('prediction', async () => notes.tensor('output', await means.predict(many)));
  await attempt('compiled', () => notes.tensor('output', means.compiled(x)));
  await attempt('eager steps', () => {
    let steps = 0;
    for (const batch of loader) {
      callbacks.step(batch, p.seed % 2 === 0 || steps > 0);
      if (++steps === 3) break;
    }
  });
  await attempt('another prediction', async () => notes.tensor('output', await means.predict(many)));
  await attempt('another evaluation', async () => notes.add('figures', JSON.stringify(await means.evaluate())));
  await attempt('at the end', () => callbacks.look());
  return made;
}

const alone = 'the fit ended at once, and what was begun beside it ran';

// While a fit runs, whoever else uses its model is told so.
async function refusedBeside(
  { p, net, criterion, optimizer, loader }: SetUp,
  fitting: Promise<unknown>,
  useCompiled: () => unknown,
): Promise<void> {
  if (p.beside === 'none') return;
  const model = p.beside === 'same' ? net : new nn.Sequential(net.blocks.at(-1)! as unknown as nn.Layer);
  const second = rejection(train.fit(model, { criterion, optimizer, loader, epochs: 1, progress: false }));
  let ended = false;
  fitting.catch(() => {
    ended = true;
  });
  for (let i = 0; i < 9; i++) await null;
  if (ended) {
    await second.catch(() => {});
    throw new Error(alone);
  }
  // One that is not compiled would draw before it comes to the parameters.
  if (p.compiles) expect((thrownBy(useCompiled) as { code?: string }).code).toBe('SIMDNN_IN_USE');
  expect((await second).code).toBe('SIMDNN_IN_USE');
}

// ---- What is refused

interface Refusal {
  name: string;
  says: RegExp;
  because(p: Program): boolean;
}

const hasExtra = (p: Program, ...kinds: string[]): boolean => p.extras.slice(0, p.layers.length).some((kind) => kinds.includes(kind));
const hasEvent = (p: Program, ...kinds: string[]): boolean => p.events.some(({ kind }) => kinds.includes(kind));

/** The only reasons for which a fit may refuse what the loop does. */
const refusals: Refusal[] = [
  { name: 'a buffer is replaced', says: /a buffer cannot be replaced inside a recorded function/, because: (p) => hasExtra(p, 'assigned') },
  {
    name: 'a field is carried from step to step',
    says: /does something else each time|was left by a function/,
    because: (p) => hasExtra(p, 'field'),
  },
  {
    name: 'nothing is trained',
    says: /a training step changes no parameter of the optimizer|the optimizer has no parameter of this model|has no history/,
    because: (p) => p.frozen > 0 || hasEvent(p, 'freeze', 'replace', 'replace layer'),
  },
  {
    name: 'an evaluation changes the model',
    says: /changes a tensor in place in evaluation mode/,
    because: (p) => hasExtra(p, 'uses', 'captured changed'),
  },
  { name: alone, says: new RegExp(alone), because: (p) => p.beside !== 'none' },
  { name: 'a value is not finite', says: /not finite/, because: (p) => p.anomaly },
];

const refusalOf = (p: Program, { message }: Error): string | undefined =>
  refusals.find(({ says, because }) => says.test(message) && because(p))?.name;

// ---- The test

it('a fit, an evaluation and a prediction give the bits of the loop', async () => {
  const seen = { programs: 0, finished: 0, refused: {} as Record<string, number>, batchCalls: 0 };
  await fc.assert(
    fc.asyncProperty(program, async (p) => {
      const library = await run(p, null);
      seen.programs++;
      if (library.refused !== null) {
        const name = refusalOf(p, library.refused)!;
        seen.refused[name] = (seen.refused[name] ?? 0) + 1;
        return;
      }
      const loop = await run(p, library.calls);
      try {
        compareNotes(['loop', loop.notes], ['library', library.notes]);
      } catch (error) {
        const [one, other] = [loop, library].map(({ messages }) => messages.join('\n    '));
        throw new Error(`${(error as Error).message}\n  loop threw: ${one}\n  library threw: ${other}`);
      }
      // Each kind is recorded twice, and once more where the first step changes what is kept.
      if (p.events.length === 0 && p.beside === 'none') expect(library.forwards).toBeLessThanOrEqual(4 * loop.kinds + 4);
      seen.batchCalls += library.calls.size;
      if (library.notes.what.includes('result: result')) seen.finished++;
    }),
    runsOf(40),
  );
  console.log(JSON.stringify(seen));
  const refused = Object.values(seen.refused).reduce((a, b) => a + b, 0);
  expect(refused).toBeLessThan(3 + seen.programs / 5);
}, 3_600_000);
