// What the other tests here rest on: a snippet whose comment is wrong fails.
import { describe, expect, it } from 'vitest';
import { agrees, idiomsOf, runSnippet } from './snippet';

const scope = { two: 2, list: Float32Array.of(1, 2), twice: (x: number) => 2 * x };

describe('a snippet', () => {
  it('runs, its documented results compared', async () => {
    const code = `
      import { two } from 'simdnn';
      const four: number = two + two!;
      four; // 4
      twice(
        four,
      ); // 8
      list; // [1, 2]
      await Promise.resolve({ a: 'x' }); // { a: "x" }
      (() => { throw new RangeError('no such\\nhint') })(); // RangeError: no such
      const list = 3; // a name of the scope
      list; // 3
    `;
    await expect(runSnippet(code.replace('list; // [1, 2]', ''), scope)).resolves.toBe(5);
    await expect(runSnippet('list; // [1, 2]', scope)).resolves.toBe(1);
  });

  it.each([
    ['two; // 3', 'two gives 2, documented is 3'],
    ['list; // [1]', 'list gives [1,2], documented is [1]'],
    ['two; // two again', '"two again" is not a value'],
    ['two; // RangeError: no', 'two gives 2, documented is RangeError: no'],
    ['(() => { throw new TypeError("yes") })(); // RangeError: yes', 'gives TypeError: yes, documented is RangeError: yes'],
    ['(() => { throw new TypeError("yes") })(); // 3', 'yes'],
    ["import { three } from 'simdnn';", 'there is no public name three'],
    ['unknown();', 'unknown is not defined'],
    ['const = 3;', 'Unexpected token'],
  ])('that says %s fails', async (code, message) => {
    await expect(runSnippet(code, scope)).rejects.toThrow(message);
  });
});

describe('a result', () => {
  it.each([
    [1, 1],
    [-0, 0],
    [Number.NaN, Number.NaN],
    [Math.fround(0.1), 0.1],
    [Math.fround(1.6094379425048828), 1.609438],
    [Int32Array.of(1, 2), [1, 2]],
    [
      [[1], [Math.fround(0.3)]],
      [[1], [0.3]],
    ],
    [
      { a: [true], b: null },
      { a: [true], b: null },
    ],
  ])('%j agrees with %j', (actual, written) => {
    expect(agrees(actual, written)).toBe(true);
  });
  it.each([
    [1.0000001, 1],
    [Number.NaN, 0.5],
    [Number.NaN, 1],
    [Number.POSITIVE_INFINITY, 0.5],
    [0.50001, 0.5],
    [[1, 2], [1]],
    [[], {}],
    [null, []],
    [undefined, null],
    ['1', 1],
    [{ a: 1 }, { b: 1 }],
  ])('%j does not agree with %j', (actual, written) => {
    expect(agrees(actual, written)).toBe(false);
  });
});

it('the idioms of a page are the second column of its tables without a heading over the notes', () => {
  const page = `
| PyTorch | simdnn | |
| --- | --- | --- |
| \`a + b\` | \`a.add(b)\` | a note |
| \`x[i]\` | \`x.at(i); x.at(-1)\` | |

| PyTorch | simdnn | difference |
| --- | --- | --- |
| \`torch.cat\` | \`cat\` |  |
`;
  expect(idiomsOf(page)).toEqual(['a.add(b)', 'x.at(i); x.at(-1)']);
});
