import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/data';
import { temporaryFolder } from '../temporary';

const folder = temporaryFolder();
let files = 0;
const file = (text: string): string => {
  const path = join(folder, `${files++}.csv`);
  writeFileSync(path, text);
  return path;
};

describe('readCsv', () => {
  it('reads features and target', async () => {
    const { x, y, columns } = await readCsv(file('Age,GPA,Class\n17,3.5,0\n18,-2e-1,4\n'), { target: 'Class' });
    expect(columns).toEqual(['Age', 'GPA']);
    expect(x.toArray()).toEqual([
      [17, 3.5],
      [18, Math.fround(-0.2)],
    ]);
    expect([x.dtype, y?.dtype, y?.toArray()]).toEqual(['float32', 'int32', [0, 4]]);
  });

  it('gives a float32 target when a value is no integer', async () => {
    const { y } = await readCsv(file('a,b\n1,1\n1,1.5\n'), { target: 'b' });
    expect([y?.dtype, y?.toArray()]).toEqual(['float32', [1, 1.5]]);
    const large = file('a,b\n1,3000000000\n');
    await expect(readCsv(large, { target: 'b' })).rejects.toThrow('line 2, column "b": 3000000000 is an integer beyond int32');
    const { y: rounded } = await readCsv(large, { target: 'b', targetDtype: 'float32' });
    expect([rounded?.dtype, rounded?.toArray()]).toEqual(['float32', [3e9]]);
  });

  it('reads all columns without a target, and chosen ones in their order', async () => {
    const path = file('a,b,c\n1,2,3\n');
    expect((await readCsv(path)).x.toArray()).toEqual([[1, 2, 3]]);
    expect((await readCsv(path)).y).toBeNull();
    const { x, columns, y } = await readCsv(path, { columns: ['c', 'a'], target: 'b' });
    expect([x.toArray(), columns, y?.toArray()]).toEqual([[[3, 1]], ['c', 'a'], [2]]);
  });

  it('ignores text in columns that are not asked for', async () => {
    expect((await readCsv(file('name,a\nEve,1\n'), { columns: ['a'] })).x.toArray()).toEqual([[1]]);
  });

  it('understands quotes, other delimiters, spaces, marks and line ends', async () => {
    expect((await readCsv(file('"a;x";b\r\n"1";2\r\n'), { delimiter: ';' })).columns).toEqual(['a;x', 'b']);
    expect((await readCsv(file('\ufeffa, b\n 1 , +2.\n\n'))).x.toArray()).toEqual([[1, 2]]);
    expect((await readCsv(file('a,"b"\n1,"2"'))).x.toArray()).toEqual([[1, 2]]);
  });

  it('reads files longer than its first memory', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `${i},${-i}`);
    const { x } = await readCsv(file(`a,b\n${rows.join('\n')}\n`));
    expect(x.shape).toEqual([5000, 2]);
    expect([...x.data].every((value, i) => value === (i % 2 === 0 ? 1 : -1) * (i >> 1))).toBe(true);
  });

  it('names the row and column of a bad value', async () => {
    const rows = Array.from({ length: 15 }, () => '1,2').join('\n');
    await expect(readCsv(file(`Age,b\n${rows}\nabc,2\n`))).rejects.toThrow('[readCsv] line 17, column "Age": expected a number, got "abc"');
    await expect(readCsv(file('a,b\n1,\n'))).rejects.toThrow('[readCsv] line 2, column "b": the value is missing');
    for (const text of ['0x10', 'Infinity', 'NaN', '1,5'.replace(',', ' '), '1e', '.']) {
      await expect(readCsv(file(`a\n${text}\n`))).rejects.toThrow(`[readCsv] line 2, column "a": expected a number, got "${text}"`);
    }
    await expect(readCsv(file('a\n1e39\n'))).rejects.toThrow('[readCsv] line 2, column "a": 1e39 is too large for float32');
    await expect(readCsv(file('a,b\n1,x\n'), { target: 'b', text: [] })).rejects.toThrow(
      '[readCsv] line 2, column "b": expected a number, got "x"',
    );
  });

  it('names missing columns and the columns there are', async () => {
    const path = file('a,b\n1,2\n');
    await expect(readCsv(path, { columns: ['a', 'c', 'd'] })).rejects.toThrow(
      `[readCsv] ${path} has no column "c", "d"\n  hint: its columns are "a", "b"`,
    );
    await expect(readCsv(path, { target: 'c' })).rejects.toThrow(`[readCsv] ${path} has no column "c"`);
  });

  it('refuses tables that are none', async () => {
    await expect(readCsv(file(''))).rejects.toThrow(/\[readCsv\] .* is empty/);
    await expect(readCsv(file('\n\n'))).rejects.toThrow(/\[readCsv\] .* is empty/);
    await expect(readCsv(file('a,b\n'))).rejects.toThrow(/\[readCsv\] .* has a header, but no rows/);
    await expect(readCsv(file('a,b,a\n1,2,3\n'))).rejects.toThrow(/the header has "a" twice/);
    await expect(readCsv(file('a,b\n1,2\n1\n'))).rejects.toThrow('[readCsv] line 3 has 1 value, the header 2');
    await expect(readCsv(file('a,b\n1,2,3\n'))).rejects.toThrow('[readCsv] line 2 has 3 values, the header 2');
    await expect(readCsv(file('a\n"1\n'))).rejects.toThrow(/\[readCsv\] .* is not a CSV file/);
    await expect(readCsv(file('y\n1\n'), { target: 'y' })).rejects.toThrow(/\[readCsv\] .* has no columns besides the target/);
  });

  it('says which file cannot be read', async () => {
    const missing = join(folder, 'none.csv');
    await expect(readCsv(missing)).rejects.toThrow(
      expect.objectContaining({ code: 'SIMDNN_FILE', message: `[readCsv] ${missing} does not exist` }),
    );
    await expect(readCsv(folder)).rejects.toThrow(expect.objectContaining({ code: 'SIMDNN_FILE' }));
  });

  it('refuses arguments of a wrong kind', async () => {
    await expect(readCsv(3 as unknown as string)).rejects.toThrow('[readCsv] expected a path, got 3');
    await expect(readCsv('a', { columns: 'a' as unknown as string[] })).rejects.toThrow(
      '[readCsv] expected columns to be an array of names, got "a"',
    );
    await expect(readCsv('a', { columns: [] })).rejects.toThrow(TypeError);
    await expect(readCsv('a', { target: 3 as unknown as string })).rejects.toThrow('[readCsv] expected target to be a name, got 3');
    await expect(readCsv('a', { delimiter: '' })).rejects.toThrow('[readCsv] expected delimiter to be a string, got ""');
    await expect(readCsv('a', { sep: ';' } as object)).rejects.toThrow('[readCsv] unknown option "sep"');
  });
});
