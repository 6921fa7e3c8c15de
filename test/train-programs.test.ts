// Random programs that fit, evaluate and predict, against the same written out as a loop: every loss, metric, report, parameter, buffer, state and
// random number has the same bits, and errors are of the same class. What a fit refuses counts only where `refusals` names the reason.
// A failure prints the smallest program that fails, with seed and path (SIMDNN_SEED, SIMDNN_PATH) that find it again. Many more programs
// than `npm test` has time for: SIMDNN_PROGRAMS=5000 npx vitest run test/train-programs.test.ts
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { compile, io, nn, noGrad, randn, type Tensor, train, zeros } from '../src';
import { randomPosition } from '../src/random';
import { stepsDone } from '../src/train/callbacks';
import { Session } from '../src/train/session';
import { Snapshots } from '../src/train/snapshots';
import { runsOf } from './compile-programs';
import { thrownBy } from './helpers';
import { compareNotes, Notes } from './program-notes';
import { rejection } from './rejection';
import { temporaryFolder } from './temporary';
import { OfFunction, type Program, program } from './train-programs';
import { Callbacks, type Means } from './train-programs-events';
import {
  type Call,
  type Figures,
  inEvaluation,
  loopEvaluate,
  loopFit,
  loopPredict,
  type OnBatch,
  type OnEpoch,
  type Result,
  type SetUp,
  Stopped,
  setUp,
} from './train-programs-loop';
import type { Net } from './train-programs-net';

// ---- Runs

/** The first tensor that a net returns. */
class First extends nn.Module {
  constructor(private readonly net: Net) {
    super();
  }
  forward(x: Tensor): Tensor {
    const y = this.net.call(x);
    return Array.isArray(y) ? y[0]! : y;
  }
  get mixesRows(): boolean {
    return this.net.mixesRows;
  }
}

// What `evaluate` gives: figures of one number.
const numbers = ({ loss, metric }: Figures): Record<string, number> => ({ loss, ...(typeof metric === 'number' && { metric }) });

const setsOf = (validation: NonNullable<train.FitResult['validation']>, epochs: number): [string, Figures][] =>
  Array.from({ length: epochs }, (_, epoch) =>
    Object.entries(validation).map(([name, { loss, metrics, arrays }]): [string, Figures] => {
      const metric = (arrays['metric'] ?? metrics['metric'])?.[epoch] as Figures['metric'];
      return [name, { loss: loss[epoch]!, ...(metric !== undefined && { metric }) }];
    }),
  ).flat();

const linesOf = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { epoch, loss, validationLoss, lr, lrs } = JSON.parse(line) as train.EpochReport;
      return JSON.stringify([epoch, loss, validationLoss, lr, lrs]);
    });

// What a checkpoint has of the model, the optimizer and the epoch. The fit writes more than the loop.
async function noteCheckpoint(notes: Notes, path: string): Promise<void> {
  const { tensors, metadata } = await io.loadSafetensors(path);
  notes.add('epoch of the checkpoint', (JSON.parse(metadata['simdnn']!) as { epoch: number }).epoch);
  for (const name of Object.keys(tensors).sort())
    if (/^(model|optimizer)\./.test(name)) notes.tensor(`checkpoint's ${name}`, tensors[name]!);
}

interface Run {
  notes: Notes;
  calls: Set<Call>;
  /** How often the model's forward was run by the fit, and of how many kinds the batches of the loop were. */
  forwards: number;
  kinds: number;
  refused: (Error & { code?: string }) | null;
  /** The steps that the fit has told of. */
  steps: number;
  /** Of all that was thrown. */
  messages: string[];
}

async function run(p: Program, calls: ReadonlySet<Call> | null, steps = 0): Promise<Run> {
  const isLoop = calls !== null;
  const s = setUp(p);
  const { net, criterion, loader, sets, trainMetric, scheduled, layout } = s;
  const metric = s.metric instanceof OfFunction ? s.metric.fn : s.metric;
  const validated = sets[0]?.[1] ?? loader;
  const notes = new Notes();
  const single = new First(net);
  const plain = (x: Tensor): Tensor => noGrad(() => single.forward(x));
  const compiled = p.compiles ? compile(plain) : plain;
  const made: Run = { notes, calls: new Set(calls), forwards: 0, kinds: 0, refused: null, steps, messages: [] };
  const routed = metric && (p.outputs === 1 ? metric : { metric, output: 1 });
  const routedOfTraining = trainMetric && (p.outputs === 1 ? trainMetric : { metric: trainMetric, output: 1 });
  const options = { criterion, ...layout, ...(routed && { metrics: { metric: routed } }) };
  const means: Means = isLoop
    ? {
        evaluate: () => loopEvaluate(s, validated).then(numbers),
        predict: (x) => inEvaluation(net, () => noGrad(() => single.call(x))),
        compiled: plain,
        forget: () => {},
      }
    : {
        evaluate: () => train.evaluate(net, validated, options),
        predict: (x) => train.predict(single, x),
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
  const toldOfEpochs = has('epoch') || has('batch') || p.stopsAfter > 0;
  const { signal } = callbacks.controller;
  const counted = vi.spyOn(net, 'forward');
  await attempt('fit', async () => {
    const nothing = () => {};
    const result = isLoop
      ? await loopFit(s, toldOfEpochs ? onEpoch : nothing, has('batch') ? onBatch : nothing, calls, callbacks, steps)
      : await libraryFit();
    notes.at = 'result';
    notes.add('result', JSON.stringify(result));
    if (p.checkpoint > 0) await noteCheckpoint(notes, s.checkpoint);
  });
  if (s.ema) for (const [name, average] of s.ema.model.namedParameters()) notes.tensor(`average of ${name}`, average);
  made.forwards = counted.mock.calls.length;
  made.kinds = s.kinds.size;
  counted.mockRestore();

  function countSteps(done: number): void {
    made.steps += done;
    if (p.aborts > 0 && made.steps >= p.aborts) callbacks.controller.abort(new Stopped('aborted'));
  }

  function stopTwice(stop: () => void): void {
    if (!callbacks.stops) return;
    stop();
    stop();
  }

  async function libraryFit(): Promise<Result> {
    const log = join(temporaryFolder(), 'program.jsonl');
    const monitor = train.learningRateMonitor({ interval: p.logged ?? 'epoch' });
    const follower: train.Callback = {
      onBegin: ({ epochs, initialEpoch, batches }) => callbacks.begin({ epochs: epochs - initialEpoch, batches }),
      onEnd: ({ epochs, stopped }) => callbacks.end(epochs, stopped),
    };
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
        initialEpoch: p.before,
        epochs: p.before + p.epochs,
        check: p.check,
        progress: false,
        progressEvery: 1e6,
        detectAnomaly: p.anomaly,
        signal,
        accumulate: p.accumulate,
        ...(p.validation === 'sets' ? { validation: Object.fromEntries(sets) } : sets.length > 0 && { validation: sets[0]![1] }),
        ...(scheduled.length > 0 && { scheduler: scheduled.map((one) => (Object.keys(one).length === 1 ? one.scheduler : one)) }),
        ...(routedOfTraining && { trainMetrics: { own: routedOfTraining } }),
        ...(s.stopping && { earlyStopping: s.stopping }),
        ...p.clip,
        ...(p.checkpoint > 0 && { checkpoint: { path: s.checkpoint, every: p.checkpoint } }),
        callbacks: [
          ...(s.ema ? [s.ema] : []),
          ...(s.bound ? [{ afterStep: s.bound }] : []),
          { onBegin() {}, [stepsDone]: (_: unknown, done: number) => countSteps(done) },
          ...(p.followed ? [follower] : []),
          ...(p.logged ? [train.jsonLogger(log), monitor] : []),
        ],
        ...(toldOfEpochs && {
          onEpoch: async (all: train.EpochReport) => {
            const { metrics: figures, arrays, trainMetrics, trainArrays: _, validation, seconds, stop, ...report } = all;
            const [epoch, epochs] = [report.epoch - p.before, report.epochs - p.before];
            await onEpoch({ ...report, epoch, epochs, metrics: Object.values({ ...figures, ...arrays, ...trainMetrics }) });
            if (epoch === p.stopsAfter) stop();
            stopTwice(stop);
          },
        }),
        ...(has('batch') && {
          onBatch: async ({ epoch, stop, ...report }: train.BatchReport) => {
            await onBatch({ ...report, epoch: epoch - p.before });
            stopTwice(stop);
          },
        }),
      });
      await refusedBeside(s, fitting, () => compiled(x));
      const { loss, validationLoss, metrics: figures, arrays, trainMetrics, epochs, lr, bestEpoch, stopped, validation } = await fitting;
      return {
        loss,
        epochs,
        lr,
        bestEpoch: bestEpoch && bestEpoch - p.before,
        stopped,
        ...(validationLoss && { validationLoss }),
        ...(metric && { metric: (arrays['metric'] ?? figures['metric']) as number[] }),
        ...(trainMetric && { trainMetric: trainMetrics['own'] as number[] }),
        ...(validation && { sets: setsOf(validation, epochs) }),
        ...(p.logged && { log: linesOf(log), rates: { at: [...monitor.at], rates: Object.values(monitor.rates).map((all) => [...all]) } }),
      };
    } finally {
      clock.mockRestore();
    }
  }

  await attempt('after the fit', async () => {
    callbacks.look();
    // One that was left while it was waited for closes in a later turn.
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    notes.add('generators', JSON.stringify(s.ends));
  });
  await attempt('evaluation', async () => notes.add('figures', JSON.stringify(await means.evaluate())));
  const rows = net.mixesRows ? Math.min(p.rowsPredicted, 256) : p.rowsPredicted;
  const many = randn([rows, p.width]);
  await attempt('prediction', async () => notes.tensor('output', await means.predict(many)));
  const predictBatches = async (into?: Tensor[]): Promise<Tensor[]> => {
    if (isLoop) return loopPredict(s, validated);
    const given = into && (p.outputs === 1 ? into[0] : into);
    const output = await train.predict(net, validated, { ...layout, ...(given && { into: given }) });
    if (given) expect(output).toBe(given);
    return Array.isArray(output) ? output : [output];
  };
  await attempt('prediction of batches', async () => {
    const outputs = await predictBatches();
    outputs.forEach((output, i) => void notes.tensor(`output ${i}`, output));
    notes.add('random position', JSON.stringify(randomPosition()));
    const into = outputs.map(({ shape }) => zeros(shape));
    (await predictBatches(into)).forEach((output, i) => void notes.tensor(`written ${i}`, output));
  });
  await attempt('prediction of several inputs', async () => {
    const inputs = Array.from({ length: p.inputs }, () => randn([rows, p.width])) as [Tensor];
    const output = isLoop ? await inEvaluation(net, () => noGrad(() => net.call(...inputs))) : await train.predict(net, inputs);
    for (const [i, one] of (Array.isArray(output) ? output : [output]).entries()) notes.tensor(`output ${i}`, one);
  });
  await attempt('compiled', () => notes.tensor('output', means.compiled(x)));
  await attempt('eager steps', async () => {
    let steps = 0;
    for await (const batch of loader) {
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
  { p, net, criterion, optimizer, loader, layout }: SetUp,
  fitting: Promise<unknown>,
  useCompiled: () => unknown,
): Promise<void> {
  if (p.beside === 'none') return;
  const model = p.beside === 'same' ? net : new nn.Sequential(net.blocks.at(-1)! as unknown as nn.Layer);
  const second = rejection(train.fit(model, { criterion, optimizer, loader, ...layout, epochs: 1, progress: false }));
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
  const seen = { programs: 0, finished: 0, refused: {} as Record<string, number>, batchCalls: 0, runsAhead: 0, takenBack: 0 };
  const spies = [vi.spyOn(Session.prototype, 'runRounds'), vi.spyOn(Snapshots.prototype, 'rollBack')];
  await fc.assert(
    fc.asyncProperty(program, async (p) => {
      const library = await run(p, null);
      seen.programs++;
      if (library.refused !== null) {
        const name = refusalOf(p, library.refused)!;
        seen.refused[name] = (seen.refused[name] ?? 0) + 1;
        return;
      }
      const loop = await run(p, library.calls, library.steps);
      try {
        compareNotes(['loop', loop.notes], ['library', library.notes]);
      } catch (error) {
        const [one, other] = [loop, library].map(({ messages }) => messages.join('\n    '));
        throw new Error(`${(error as Error).message}\n  loop threw: ${one}\n  library threw: ${other}`);
      }
      // Each kind is recorded twice, and once more where the first step changes what is kept.
      if (p.events.length === 0 && p.beside === 'none' && p.check === 0)
        expect(library.forwards).toBeLessThanOrEqual((4 * loop.kinds + 4) * p.accumulate);
      seen.batchCalls += library.calls.size;
      if (library.notes.what.includes('result: result')) seen.finished++;
    }),
    runsOf(40),
  );
  [seen.runsAhead, seen.takenBack] = spies.map((spy) => spy.mock.calls.length) as [number, number];
  console.log(JSON.stringify(seen));
  const refused = Object.values(seen.refused).reduce((a, b) => a + b, 0);
  expect(refused).toBeLessThan(3 + seen.programs / 5);
}, 3_600_000);
