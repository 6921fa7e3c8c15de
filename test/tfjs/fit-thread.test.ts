// Batches on the training thread have the same bits as on JavaScript's thread, and simdnnInfo says why a fit does not use the thread.
import * as tf from '@tensorflow/tfjs-core';
import type * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, it, vi } from 'vitest';
import { manualSeed } from '../../src/random';
import { simdnnInfo } from '../../src/tfjs';
import { minimum } from '../../src/tfjs/fit-thread';
import { alwaysOnThread, fitted, long, modelOf, rowsOf, type Setting, weightsOf } from './fit-thread-models';
import { describeImageModel } from './image-programs';
import { dataOf, describeModel } from './model-programs';
import { randomly } from './step-programs';

// SIMDNN_TFJS_PROGRAMS sets how many random models are fitted.
const programs = Number(process.env['SIMDNN_TFJS_PROGRAMS'] ?? 20);

alwaysOnThread();

describe('the same bits as on the thread of JavaScript', () => {
  it.each<[string, Setting, layers.ModelFitArgs]>([
    ['adam', {}, {}],
    ['sgd', { optimizer: () => tf.train.sgd(0.1) }, {}],
    ['momentum', { optimizer: () => tf.train.momentum(0.05, 0.9) }, {}],
    ['rmsprop', { optimizer: () => tf.train.rmsprop(0.01) }, {}],
    ['adagrad', { optimizer: () => tf.train.adagrad(0.05) }, {}],
    ['adadelta', { optimizer: () => tf.train.adadelta(0.1) }, {}],
    ['adamax', { optimizer: () => tf.train.adamax(0.01, 0.9, 0.99, 1e-7, 0.1) }, {}],
    ['dropout', { dropout: true }, {}],
    ['dropout and sgd', { dropout: true, optimizer: () => tf.train.sgd(0.1) }, {}],
    ['a validation', {}, { validationSplit: 0.3 }],
    ['rows in their order', {}, { shuffle: false }],
    ['one batch an epoch', {}, { batchSize: 500, epochs: 12 }],
    ['a rest that comes after a run', {}, { batchSize: 6, epochs: 8 }],
    ['batches that are all whole', {}, { batchSize: 20 }],
    ['weights of classes', {}, { classWeight: { 0: 1, 1: 2, 2: 3 } }],
    ['many turns', {}, { yieldEvery: 0, epochs: 20 }],
  ])('with %s', async (_, setting, args) => {
    const data = rowsOf(100);
    expect(await fitted(modelOf(setting), data, true, args)).toEqual(await fitted(modelOf(setting), data, false, args));
  });

  it.each([
    ['random models', describeModel],
    ['random models of images', describeImageModel],
  ])(`for ${programs} %s`, async (_, describe) => {
    let aside = 0;
    for (let seed = 0; seed < programs; seed++) {
      const r = randomly(seed + 8e6);
      const description = describe(r);
      const models = [description.make(), description.make()];
      models[1]!.setWeights(models[0]!.getWeights());
      const rows = 8 + r.upTo(60);
      const data = dataOf(r, description, rows);
      const args = { epochs: 5, batchSize: 1 + r.upTo(12), shuffle: r.next() < 0.7, ...(r.next() < 0.3 && { validationSplit: 0.2 }) };
      const found = [];
      for (const [i, model] of models.entries()) {
        description.compile(model);
        vi.spyOn(Math, 'random').mockImplementation(randomly(5).next);
        manualSeed(seed);
        const fit = () => model.fit(...data, { verbose: 0, ...args, ...(i === 1 && { yieldEvery: 'never' }) });
        const outcomes: unknown[] = [];
        for (let n = 0; n < 2; n++) {
          outcomes.push(
            await fit().then(
              ({ history }) => history,
              (error: Error) => error.message,
            ),
          );
        }
        found.push([outcomes, weightsOf(model)]);
        if (simdnnInfo().thread === null) aside++;
      }
      expect(found[0], `model ${seed}: ${description.text}`).toEqual(found[1]);
      tf.dispose(data);
      for (const model of models) model.dispose();
    }
    expect(aside).toBeGreaterThan(programs / 3);
  });
});

describe('simdnnInfo().thread says why not', () => {
  const data = () => rowsOf(100);
  const short = (step: number) => {
    Object.assign(minimum, { run: 1e6, step }); // on a busy machine even eight short epochs may take 2 ms
    return modelOf().fit(...rowsOf(16), { ...long, epochs: 8 });
  };
  it.each<[string, RegExp, () => Promise<unknown>]>([
    ['a short epoch', /less than 1000000 ms/, () => short(0)],
    ['a short step', /a step takes less than/, () => short(Number.POSITIVE_INFINITY)],
    ['no turns within an epoch', /yieldEvery/, () => modelOf().fit(...data(), { ...long, yieldEvery: 'epoch' })],
    ['a clock of its own', /clock/, () => modelOf().fit(...data(), { ...long, callbacks: { nowFunc: () => 0 } as never })],
    ['data that are a variable', /do not change/, () => modelOf().fit(tf.variable(data()[0]), data()[1], long)],
    ['single batches', /single batches/, () => modelOf().fit(...data(), { ...long, callbacks: { onBatchEnd: () => {} } })],
    ['too few batches', /not recorded yet/, () => modelOf().fit(...rowsOf(16), { ...long, epochs: 1 })],
    [
      'a layer that is not known',
      /call hook/,
      () => {
        const model = modelOf();
        model.layers[0]!.setCallHook(() => {});
        return model.fit(...data(), long);
      },
    ],
  ])('%s', async (_, reason, fit) => {
    await fit();
    expect(simdnnInfo().thread).toMatch(reason);
  });
});
