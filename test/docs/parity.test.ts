// docs/parity.md: PyTorch's name of each of ours, and what differs, as the doc comments say. `npx vitest run test/docs/parity.test.ts -u` writes it
// anew; `python test/docs/parity.py` asks PyTorch whether the names are there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as simdnn from '../../src/index';
import { counterpartOf, differencesOf } from './counterparts';
import { membersOf } from './members';
import { publicNames } from './surface';

const root = join(__dirname, '../..');

interface Row {
  ours: string;
  theirs: string | null;
  difference: string;
}

const names = publicNames(join(root, 'src/index.ts'), simdnn as never).filter(({ callable }) => callable);
const rowOf = (ours: string, doc: string, otherwise: string | null): Row => ({
  ours,
  theirs: counterpartOf(doc) ?? otherwise,
  difference: differencesOf(doc),
});

// PyTorch's name by the rule of names, where a comment names none; these have none.
const ofOurs = ['SimdnnError', 'info', 'valueOf', 'toJSON', 'toString'];
const asIs = ['T', 'mT'];
const snake = (name: string): string => (asIs.includes(name) ? name : name.replace(/(?<=[a-z])[A-Z]/g, '_$&').toLowerCase());
const byRule = (space: string, name: string): string | null => (ofOurs.includes(name) ? null : `${space}.${snake(name)}`);

const functions = names.filter(({ path }) => !path.includes('.')).map(({ path, doc }) => rowOf(path, doc ?? '', byRule('torch', path)));
const within = (space: string): Row[] =>
  names
    .filter(({ path }) => path.startsWith(space) && !path.slice(space.length).includes('.'))
    .map(({ path, doc }) => rowOf(path, doc ?? '', null));
const members = (classes: string[], ours: string, theirs: string): Row[] =>
  classes.flatMap((name) => membersOf(join(root, 'src'), name)).map(({ name, doc }) => rowOf(`${ours}.${name}`, doc, byRule(theirs, name)));

const sections: [title: string, rows: Row[]][] = [
  ['Functions', functions],
  ['Methods of tensors', members(['Tensor'], 'Tensor', 'torch.Tensor')],
  ['Linear algebra', within('linalg.')],
  ['Gradients', within('autograd.')],
  ['Layers and losses', within('nn.')],
  ['Methods of modules', members(['Parts', 'Module'], 'nn.Module', 'torch.nn.Module')],
  ['nn.functional', within('nn.functional.')],
  ['nn.init', within('nn.init.')],
  ['nn.utils', within('nn.utils.')],
  ['nn.utils.parametrize', within('nn.utils.parametrize.')],
  ['nn.utils.parametrizations', within('nn.utils.parametrizations.')],
  ['nn.parallel', within('nn.parallel.')],
  ['Optimizers', within('optim.')],
  ['Schedulers', within('optim.lrScheduler.')],
  ['Averaged weights', within('optim.swaUtils.')],
  ['Data', within('data.')],
  ['Metrics', within('metrics.')],
  ['Training', within('train.')],
  ['Several processes', within('distributed.')],
  ['Files', within('io.')],
  ['Reports', within('report.')],
];

const code = (name: string | null): string => (name === null ? '' : `\`${name}\``);
// By PyTorch's name without its path, and those that have none after these.
const key = ({ ours, theirs }: Row): string => (theirs === null ? `~${ours}` : theirs.replace(/^[\w.]*\./, '').toLowerCase());
const byName = (a: Row, b: Row): number => (key(a) === key(b) ? (a.ours < b.ours ? -1 : 1) : key(a) < key(b) ? -1 : 1);
const rowText = ({ ours, theirs, difference }: Row): string => `| ${code(theirs)} | ${code(ours)} | ${difference.replaceAll('|', '\\|')} |`;

describe('docs/parity.md', () => {
  it('says what the doc comments say', async () => {
    const text = [
      '# Names beside PyTorch',
      '',
      'The counterpart of each class, function and method in PyTorch, torchmetrics or scikit-learn, and what differs, as its comment in the source says; what has none is of this library alone.',
      '',
      'What holds for all: keyword arguments are one options object, int32 stands for long and bool, and parts of a tensor along other dimensions than the first are copies. More in',
      '[Coming from PyTorch](coming-from-pytorch.md).',
      ...sections.flatMap(([title, rows]) => [
        '',
        `## ${title}`,
        '',
        '| PyTorch | simdnn | difference |',
        '| --- | --- | --- |',
        ...rows.toSorted(byName).map(rowText),
      ]),
      '',
    ].join('\n');
    await expect(text).toMatchFileSnapshot(join(root, 'docs/parity.md'));
  });

  it('has every public class and function once', () => {
    const listed = sections.flatMap(([, rows]) => rows.map(({ ours }) => ours));
    expect(new Set(listed).size).toBe(listed.length);
    expect(names.map(({ path }) => path).filter((path) => !listed.includes(path))).toEqual([]);
  });

  it("names functions that are among PyTorch's", () => {
    const path = join(root, 'test/parity/fixtures/namespaces.json.gz');
    const known = (JSON.parse(gunzipSync(readFileSync(path)).toString()) as Record<string, string[]>)['']!;
    const unknown = functions.filter(
      ({ theirs }) => theirs !== null && theirs !== 'torch.Tensor' && !known.includes(theirs.slice('torch.'.length)),
    );
    expect(unknown).toEqual([]);
  });

  it('has a counterpart for every layer, loss and optimizer', () => {
    const without = sections
      .flatMap(([, rows]) => rows)
      .filter(({ ours, theirs }) => /^(nn|optim)\.[A-Z]\w*$/.test(ours) && theirs === null);
    expect(without.map(({ ours }) => ours)).toEqual([]);
  });
});
