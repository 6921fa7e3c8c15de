// The lines of a file in which the rows of a table begin.
import { describe, expect, it } from 'vitest';
import { readTable, Table } from '../../src/data';

const read = (text: string, options = {}) => readTable(Buffer.from(text), options);
const linesOf = (table: Table) => Array.from({ length: table.length }, (_, row) => table.lineOf(row));

describe('Table.lineOf', () => {
  it.each<[string, string, object, number[]]>([
    ['rows one below the other', 'a,b\n1,2\n3,4\n', {}, [2, 3]],
    ['a file without names', '1,2\n3,4\n', { header: false }, [1, 2]],
    ['empty lines, before the names as well', '\n\na,b\n1,2\n\n\n3,4\n5,6\n\n', {}, [4, 7, 8]],
    ['values of several lines', 'a,b\n1,"x\ny"\n2,z\n3,"u\r\nv\nw"\n4,q\n', {}, [2, 4, 5, 8]],
    ['all ends of lines', 'a\r1\r2\n3\r\n4', {}, [2, 3, 4, 5]],
  ])('%s', async (_, text, options, lines) => {
    expect(linesOf(await read(text, options))).toEqual(lines);
  });

  it('of many rows, as counted by hand', async () => {
    const lines: number[] = [];
    let text = 'n,t\n';
    let line = 2;
    for (let row = 0; row < 30_000; row++) {
      lines.push(line);
      const breaks = row % 7 === 3 ? 2 : 0;
      const blank = row % 11 === 5 ? 1 : 0;
      text += `${row},"${'x\n'.repeat(breaks)}"\n${'\n'.repeat(blank)}`;
      line += 1 + breaks + blank;
    }
    expect(linesOf(await read(text))).toEqual(lines);
  });

  it('is known of parts of a table, and in its errors', async () => {
    const table = await read('a,b,c\n1,2,x\n\n3,,\n5,6.5,y\n');
    expect(linesOf(table.select(['b', 'a']))).toEqual([2, 4, 5]);
    expect(linesOf(table.drop(['a']))).toEqual([2, 4, 5]);
    for (const target of ['b', 'c']) {
      expect(() => table.toTensors({ target })).toThrow(`column "${target}": the target of line 4 is missing`);
    }
    const full = await read('a,b\n\n1,2.5\n');
    expect(() => full.toTensors({ target: 'b', targetDtype: 'int32' })).toThrow('column "b": 2.5 in line 3 is no int32');
  });

  it('is null of what was not read from a file; a row that is none is refused', () => {
    const table = new Table({ a: Int32Array.of(1, 2) });
    expect(linesOf(table)).toEqual([null, null]);
    expect(() => table.lineOf(2)).toThrow('[Table.lineOf] expected row to be from 0 to 1, got 2');
    expect(() => table.lineOf('a' as never)).toThrow('expected row to be a number, got "a"');
  });
});
