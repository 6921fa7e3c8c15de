// Random programs that train, run eagerly and compiled: every loss, output, parameter, state and random number has the same bits.
// A failure prints the smallest program that fails, with seed and path (SIMDNN_SEED, SIMDNN_PATH) that find it again. Many more programs
// than `npm test` has time for: SIMDNN_PROGRAMS=5000 npx vitest run test/compile-programs.test.ts
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cat, compile, getNumThreads, manualSeed, metrics, nn, noGrad, randn, setNumThreads, Tensor, tensor } from '../src';
import { randomPosition } from '../src/random';
import {
  Block,
  type events,
  happenAlike,
  limit,
  makeClip,
  makeLoss,
  makeOptimizer,
  makeScheduler,
  type Optimizer,
  type Program,
  program,
  runsOf,
  snapshot,
} from './compile-programs';
import { compareNotes, Notes } from './program-notes';

interface Trace {
  notes: Notes;
  calls: number;
  recorded: number;
  finite: boolean;
}

// ---- A run

const steps = { calls: 0, recorded: 0, finite: 0, programs: 0 };

function run(p: Program, compiled: boolean): Trace {
  const notes = new Notes();
  const trace: Trace = { notes, calls: 0, recorded: 0, finite: true };
  const note = (what: string, bits: unknown): void => notes.add(what, bits);
  const noteTensor = (what: string, t: Tensor): void => notes.tensor(what, t);
  const clip = makeClip(p);
  const maybeCompiled = <A extends readonly Tensor[], R extends Parameters<typeof tensorsOf>[0]>(fn: (...args: A) => R) => {
    const counted = (...args: A): R => {
      trace.recorded++;
      return fn(...args);
    };
    return compiled ? compile<A, R>(counted, { keepGrad: p.keepGrad || clip !== null, check: p.check }) : counted;
  };

  manualSeed(p.seed);
  const blocks = p.layers.map((spec, i) => new Block(i === 0 ? p.width : p.layers[i - 1]!.out, spec));
  const model = new nn.Sequential(...(blocks as never[])) as nn.Module & { forward(x: Tensor): Tensor };
  const classes = p.layers.at(-1)!.out;
  const parameters = model.parameters();
  parameters.forEach((parameter, i) => {
    if (((i * 7 + p.seed) % 10) / 10 < p.frozen) parameter.requiresGrad_(false);
  });
  const half = p.optimizers.length === 2 && parameters.length > 1 ? parameters.length >> 1 : parameters.length;
  const optimizers = [parameters.slice(0, half), parameters.slice(half)]
    .filter((list) => list.length > 0)
    .map((list, i) => makeOptimizer(p.optimizers[i]!, list));
  const schedulers = optimizers.map((o) => makeScheduler(p.scheduler, o));

  const lossModule = makeLoss(p, classes);
  const { ofClasses } = lossModule;
  const lossOf = (out: Tensor, y: Tensor): Tensor => lossModule.forward(out, y);
  const batch = (rows: number): [Tensor, Tensor] => [randn([rows, p.width]), lossModule.target(rows)];
  const batches = Array.from({ length: 4 }, (_, i) => batch(p.rows[i % p.rows.length]!));

  const clear = (): void => {
    for (const o of optimizers) o.zeroGrad();
  };
  const update = (): void => {
    for (const o of optimizers) o.step();
  };
  const resultOf = (loss: Tensor, out: Tensor, x: Tensor) => {
    switch (p.result) {
      case 'loss':
        return loss;
      case 'all':
        return { loss, out, best: out.argmax(1), kept: parameters[0]! };
      case 'list':
        return [out.detach(), loss.mul(2), x];
      case 'views':
        return [out.narrow(0, 0, 1), out.reshape([-1]), x.narrow(0, 0, 1), loss];
      default:
        return undefined;
    }
  };
  const plain = (x: Tensor, y: Tensor, later: Tensor) => {
    if (p.step === 'clear first' || p.step.startsWith('limit')) clear();
    const out = model.forward(x);
    const loss = lossOf(out, y);
    if (p.step === 'one after the other') {
      clear();
      loss.backward();
      optimizers[0]!.step();
      const again = lossOf(model.forward(x), later).add(loss.detach());
      clear();
      again.backward();
      optimizers.at(-1)!.step();
      return resultOf(again, out, x);
    }
    loss.backward();
    if (p.step === 'micro batches') {
      for (let k = 0; k < 2; k++)
        lossOf(model.forward(x.mul(1 + k)), k === 0 ? y : later)
          .mul(0.5)
          .backward();
      update();
      clear();
      return resultOf(loss, out, x);
    }
    limit(p, parameters);
    if (p.step !== 'add up' && clip === null) update();
    if (p.step === 'clear last') clear();
    return resultOf(loss, out, x);
  };
  const step = maybeCompiled(plain);
  const finishNow = (): undefined => {
    update();
    clear();
  };
  const finish = p.updates === 'compiled' ? maybeCompiled(finishNow) : finishNow;
  const predict = maybeCompiled((x: Tensor) => cat([model.forward(x), model.forward(x)], 1));
  const accuracy = classes > 1 && ofClasses ? new metrics.Accuracy({ task: 'multiclass', numClasses: classes, ignoreIndex: -100 }) : null;

  // Fails where the other fails, with an error of the same class; messages may differ.
  const attempt = (what: string, fn: () => void): void => {
    try {
      fn();
    } catch (error) {
      if ((error as { code?: string }).code === 'SIMDNN_RECORDING_DIFFERS') throw error;
      note(`${what} threw`, (error as Error).constructor.name);
    }
  };
  const clipped = clip === null ? null : maybeCompiled(clip);
  const clipAll = (): void => {
    const withGradient = parameters.filter(({ grad }) => grad !== null);
    const gradients = withGradient.map(({ grad }) => grad!);
    for (const gradient of gradients) noteTensor('gradient', gradient);
    if (gradients.length === 0) return;
    for (const [i, gradient] of clipped!(...gradients).entries()) withGradient[i]!.grad = gradient;
  };
  const call = (fn: typeof plain | typeof step, [x, y]: [Tensor, Tensor], i: number, later = y.clone()): void => {
    attempt('step', () => {
      trace.calls++;
      const result = fn(x, y, later);
      for (const [k, t] of tensorsOf(result).entries()) noteTensor(`result ${k}`, t);
      if (accuracy !== null && !(result instanceof Tensor) && result !== undefined && 'out' in result)
        accuracy.update(result.out as Tensor, y);
    });
    if (clip !== null) {
      attempt('clip', () => {
        clipAll();
        finishNow();
      });
    } else if (p.step === 'add up' && i % 3 === 2) {
      attempt('finish', finish);
    }
  };
  const look = (): void => {
    for (const [i, parameter] of parameters.entries()) noteTensor(`parameter ${i}`, parameter);
    optimizers.forEach((o, k) => void notes.optimizer(`optimizer ${k}`, o));
    note('random position', JSON.stringify(randomPosition()));
    if (accuracy !== null) noteTensor('accuracy', accuracy.compute());
  };
  const lookAtGradients = (): void =>
    parameters.forEach((parameter, i) => {
      if (parameter.grad === null) note(`no gradient of ${i}`, null);
      else noteTensor(`gradient of ${i}`, parameter.grad);
    });

  let saved: { at: Optimizer; dict: ReturnType<Optimizer['stateDict']> } | null = null;
  const happen = (kind: (typeof events)[number], of: number, i: number): void => {
    const parameter = parameters[of % parameters.length]!;
    const o = optimizers[of % optimizers.length]!;
    if (happenAlike(kind, of, { model, optimizer: o, parameter, notes })) return;
    switch (kind) {
      case 'load optimizer': {
        if (saved !== null && saved.at === o) o.loadStateDict(saved.dict);
        saved = { at: o, dict: snapshot(o) };
        break;
      }
      case 'clear':
        if (of % 2 === 0) clear();
        else parameter.grad = null;
        break;
      case 'set gradient':
        parameter.grad = randn(parameter.shape);
        break;
      case 'eager step':
        call(plain, batches[i % 4]!, i);
        break;
      case 'look':
        // Cleared gradients of an eager backward are anyone's to read.
        clear();
        attempt('eager backward', () => lossOf(model.forward(batches[0]![0]), batches[0]![1]).backward());
        lookAtGradients();
        if (of % 2 === 0) clear();
        break;
      case 'evaluate':
        model.eval();
        for (let k = 0; k <= of % 3; k++) {
          attempt('evaluation', () => {
            const prediction = noGrad(() => predict(batches[of % 4]![0]));
            noteTensor('prediction', prediction);
          });
        }
        if (of % 5 > 0) model.train();
        break;
      case 'replace': {
        const { linear } = blocks[of % blocks.length]!;
        linear.weight = new nn.Parameter(linear.weight.mul(0.5).detach(), { requiresGrad: linear.weight.requiresGrad });
        break;
      }
      case 'dropout': {
        const { dropout } = blocks[of % blocks.length]!;
        if (dropout !== null) dropout.p = of / 100;
        model.train();
        break;
      }
      case 'threads':
        setNumThreads(1 + (of % 3));
        break;
      case 'bad label': {
        const [x, y] = batches[of % 4]!;
        if (!ofClasses) break;
        const wrong = y.data.slice() as Int32Array;
        wrong[of % wrong.length] = classes;
        if (of % 3 === 0) call(step, [x, tensor(wrong)], i);
        else call(step, [x, y], i, tensor(wrong));
        break;
      }
    }
  };

  const threads = getNumThreads();
  try {
    for (let now = 0; now < p.steps; now++) {
      notes.at = `step ${now}`;
      for (const { at, kind, of } of p.events) if (at === now) happen(kind, of, now);
      call(step, batches[now % 4]!, now);
      if (now % 5 === 4) for (const s of schedulers) s?.step();
      if ((now * 31 + p.seed) % 50 < p.looks) {
        look();
        if (p.keepGrad && now % 2 === 0) lookAtGradients();
      }
    }
    look();
    trace.finite = parameters.every((parameter) => parameter.data.every(Number.isFinite));
  } finally {
    setNumThreads(threads);
  }
  return trace;
}

const tensorsOf = (result: Tensor | readonly Tensor[] | Record<string, Tensor> | null | undefined): Tensor[] =>
  result === null || result === undefined ? [] : result instanceof Tensor ? [result] : Object.values(result as Record<string, Tensor>);

it('a program that is compiled gives the bits of the eager one', () => {
  fc.assert(
    fc.property(program, (p) => {
      const eager = run(p, false);
      const compiled = run(p, true);
      compareNotes(['eager', eager.notes], ['compiled', compiled.notes]);
      steps.calls += compiled.calls;
      steps.recorded += compiled.recorded;
      steps.finite += compiled.finite ? 1 : 0;
      steps.programs++;
    }),
    runsOf(40),
  );
  // The programs mean something: most calls were replays, most parameters stayed numbers.
  console.log(JSON.stringify(steps));
  expect(steps.recorded).toBeLessThan(steps.calls / 2);
  expect(steps.finite).toBeGreaterThan(steps.programs / 2);
}, 3_600_000);
