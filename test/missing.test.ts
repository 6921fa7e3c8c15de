// PyTorch's names that the namespaces do not have say what to use, and are in nobody's way.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { inCamel } from '../src/hints';
import * as simdnn from '../src/index';
import { refuseMissing } from '../src/missing';
import { expectError } from './helpers';

type Names = Record<string, unknown>;
const all: Names = { ...simdnn }; // as `require` gives them
refuseMissing(all);
const spaceOf = (path: string): Names => path.split('.').reduce((space, name) => (name === '' ? space : (space[name] as Names)), all);

// Made by parity/namespaces.py with PyTorch 2.13 and torchmetrics 1.9.
const theirs = JSON.parse(gunzipSync(readFileSync(join(__dirname, 'parity/fixtures/namespaces.json.gz'))).toString()) as Record<
  string,
  string[]
>;

describe.each(Object.entries(theirs))("PyTorch's names of %j", (path, names) => {
  const space = spaceOf(path);
  it('are there, or say what to use', () => {
    const silent = names.filter((name) => {
      if (Object.hasOwn(space, inCamel(name))) return false;
      expect(name in space, name).toBe(false);
      try {
        return space[name] === undefined;
      } catch (error) {
        return !/^\[(simdnn|[\w.]+)\.\w+\] there is no such property\n {2}hint: ./.test((error as Error).message);
      }
    });
    expect(silent).toEqual([]);
  });
  it('that are there are hinted at in Python’s spelling', () => {
    for (const name of names) {
      if (Object.hasOwn(space, inCamel(name)) && inCamel(name) !== name)
        expect(() => space[name], name).toThrow(`it is called ${inCamel(name)} here`);
    }
  });
});

describe('a name of PyTorch that a namespace does not have', () => {
  it.each([
    ['', 'add', 'simdnn.add', 'tensors have it: x.add(...)'],
    ['', 'index_select', 'simdnn.index_select', 'tensors have it: x.indexSelect(...)'],
    ['', 'Linear', 'simdnn.Linear', 'it is nn.Linear here'],
    ['', 'layer_norm', 'simdnn.layer_norm', 'it is nn.functional.layerNorm here'],
    ['', 'column_stack', 'simdnn.column_stack', 'it is called columnStack here'],
    ['', 'addcmul_', 'simdnn.addcmul_', 'tensors have it: x.addcmul_(...)'],
    ['', 'no_grad', 'simdnn.no_grad', 'it is called noGrad here'],
    ['nn', 'Conv2d', 'nn.Conv2d', 'layers are dense: there are none for images, sequences or other neighbours in space'],
    ['nn', 'relu', 'nn.relu', 'it is nn.functional.relu here'],
    [
      'nn.functional',
      'max_pool1d',
      'nn.functional.max_pool1d',
      'layers are dense: there are none for images, sequences or other neighbours in space',
    ],
    ['nn.functional', 'log_softmax', 'nn.functional.log_softmax', 'it is called logSoftmax here'],
    ['nn.init', 'xavierUniform', 'nn.init.xavierUniform', 'it is called xavierUniform_ here'],
    ['nn.utils', 'clip_grad_norm', 'nn.utils.clip_grad_norm', 'it is called clipGradNorm_ here'],
    ['optim', 'lr_scheduler', 'optim.lr_scheduler', 'it is called lrScheduler here'],
    ['optim', 'StepLR', 'optim.StepLR', 'it is optim.lrScheduler.StepLR here'],
    ['metrics', 'MulticlassAUROC', 'metrics.MulticlassAUROC', 'AUROC({ task: "multiclass" }) is it'],
    ['metrics', 'BaseAggregator', 'metrics.BaseAggregator', 'extend Metric'],
  ])('%j: %s says what to use', (path, name, where, hint) => {
    expectError(() => spaceOf(path)[name], TypeError, `[${where}] there is no such property\n  hint: ${hint}`);
  });

  it.each([
    ['', ['special', 'masked', 'nested', 'random', 'fft', 'func', 'utils', 'backends', 'sparse', 'distributions']],
    ['nn', ['attention', 'modules', 'parameter']],
    ['nn.utils', ['prune', 'rnn', 'stateless']],
    ['metrics', ['functional', 'classification', 'regression', 'retrieval', 'wrappers', 'aggregation', 'NDCG', 'MRR', 'MAP']],
    ['autograd', ['functional', 'forward_ad']],
  ])('%j: a module of it, or a short name, says what to use', (path, names) => {
    for (const name of names) expect(() => spaceOf(path)[name], name).toThrow(/there is no such property\n {2}hint: ./);
  });

  it('leads to names that are there', () => {
    for (const [path, names] of Object.entries(theirs)) {
      for (const name of names) {
        try {
          void spaceOf(path)[name];
        } catch (error) {
          const [, elsewhere, here] = /hint: it is ([\w.]+) here|hint: it is called (\w+) here/.exec((error as Error).message) ?? [];
          if (elsewhere !== undefined) expect(spaceOf(elsewhere), elsewhere).toBeDefined();
          if (here !== undefined) expect(here in spaceOf(path) || here in simdnn.Tensor.prototype, `${path}.${name}`).toBe(true);
        }
      }
    }
  });

  it('breaks no inspection, JSON, copying, listing, mocking, promise or `in`', async () => {
    for (const [path, space] of Object.entries({
      '': all,
      nn: simdnn.nn as unknown as Names,
      metrics: simdnn.metrics as unknown as Names,
    })) {
      expect([await Promise.resolve(space), space['then'], space['nothing'], space['default'], space['__esModule']], path).toEqual([
        space,
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      expect(['Conv2d' in space, 'cuda' in space, 'BinaryAUROC' in space]).toEqual([false, false, false]);
      expect(Object.keys({ ...space })).toEqual(Object.keys(space));
      const enumerated: string[] = [];
      for (const name in space) enumerated.push(name);
      expect(enumerated).toEqual(Object.keys(space));
      expect(inspect(space, { depth: 0, showHidden: true, getters: true })).toContain(Object.keys(space)[0]);
      expect(() => JSON.stringify(space)).not.toThrow();
      expect(`${Object.prototype.toString.call(space)}`).toMatch(/^\[object \w+\]$/);
    }
    const copy: Names = { ...all };
    refuseMissing(copy);
    const spy = vi.spyOn(copy, 'zeros' as never);
    (copy['zeros'] as typeof simdnn.zeros)([2]);
    expect(spy).toHaveBeenCalledTimes(1);
    copy['add'] = 1;
    expect(copy['add']).toBe(1);
    expect([copy['toString'] === Object.prototype.toString, 'toString' in copy]).toEqual([true, true]);
  });
});
