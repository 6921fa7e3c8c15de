// Every `@example` of a doc comment does what it says, and every public name has a doc comment, with an example where it can be called.
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients, as @tensorflow/tfjs does
import { afterEach, describe, expect, it } from 'vitest';
import * as simdnn from '../../src/index';
import * as kernels from '../../src/kernels';
import * as tfjs from '../../src/tfjs';
import { runSnippet } from './snippet';
import { publicNames, Source } from './surface';

const root = join(__dirname, '../..');
const src = join(root, 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
  .map((name) => join(src, name))
  .sort();

const examples = files.flatMap((file) =>
  new Source(file)
    .examples()
    .map(({ line, code }) => ({ place: `${relative(root, file)}:${line}`, code, low: file.startsWith(join(src, 'kernels')) })),
);

describe('the example at', () => {
  const threads = simdnn.getNumThreads();
  afterEach(() => simdnn.setNumThreads(threads));

  it.each(examples)('$place', async ({ code, low }) => {
    await runSnippet(code, { ...simdnn, ...(low ? kernels : { ...tfjs, tf }) });
  });
});

it('`import` has the types and values that `require` has', () => {
  const [imported, required] = ['index.mts', 'index.ts'].map((file) => new Source(join(src, file)).listed().sort());
  expect(imported).toEqual(required);
});

describe.each([
  ['simdnn', join(src, 'index.ts'), simdnn as Record<string, unknown>],
  ['simdnn/kernels', join(src, 'kernels.ts'), kernels as Record<string, unknown>],
  ['simdnn/tfjs', join(src, 'tfjs.ts'), tfjs as Record<string, unknown>],
])('the public names of %s', (_, file, values) => {
  const names = publicNames(file, values);

  it('are all found', () => {
    expect(names.map(({ path }) => path)).toEqual(expect.arrayContaining(Object.keys(values)));
  });
  it('have doc comments', () => {
    expect(names.filter(({ doc }) => doc === null).map(({ path }) => path)).toEqual([]);
  });
  it('have an example where they can be called', () => {
    expect(names.filter(({ callable, doc }) => callable && !doc?.includes('@example')).map(({ path }) => path)).toEqual([]);
  });
});
