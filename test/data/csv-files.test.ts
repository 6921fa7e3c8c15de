// Files as people have them.
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { csvBatches, readCsv, readTable } from '../../src/data';
import { rejection } from '../rejection';
import { temporaryFolder } from '../temporary';

const folder = temporaryFolder();

const bytes = (text: string): Buffer => Buffer.from(text);
const rejects = (text: string | Buffer, options: Parameters<typeof readCsv>[1], message: string | RegExp) =>
  expect(readCsv(Buffer.from(text as string), options)).rejects.toThrow(message);

const irises =
  '5.1,3.5,1.4,0.2,Iris-setosa\n7.0,3.2,4.7,1.4,Iris-versicolor\n6.3,3.3,6.0,2.5,Iris-virginica\n4.9,3.0,1.4,0.2,Iris-setosa\n\n';

describe('readCsv reads', () => {
  it('the irises as published: no header, classes of text, an empty line at the end', async () => {
    const { x, y, classes, columns } = await readCsv(bytes(irises), { header: false, target: '4' });
    expect([x.shape, columns]).toEqual([
      [4, 4],
      ['0', '1', '2', '3'],
    ]);
    expect([y?.dtype, y?.toArray(), classes]).toEqual(['int32', [0, 1, 2, 0], ['Iris-setosa', 'Iris-versicolor', 'Iris-virginica']]);
    const named = await readCsv(bytes(irises), { header: ['a', 'b', 'c', 'd', 'kind'], target: 'kind', drop: ['b'] });
    expect([named.columns, named.x.shape]).toEqual([
      ['a', 'c', 'd'],
      [4, 3],
    ]);
    await rejects(irises, { target: '4' }, /line 1 of the table has the number 5.1 where a column's name belongs\n {2}hint: header: false/);
    await rejects(irises, { header: ['a'] }, 'header has 1 name, line 1 of the table 5 values');
    expect((await readCsv(bytes('1999,2000\n3,4\n'), { header: true })).columns).toEqual(['1999', '2000']);
  });

  it('columns of text, by the order of their texts', async () => {
    const { x, categories, classes } = await readCsv(bytes('size,n\nlarge,1\nsmall,2\nlarge,3\n"a ""b""",4\n'));
    expect(x.toArray()).toEqual([
      [1, 1],
      [2, 2],
      [1, 3],
      [0, 4],
    ]);
    expect([{ ...categories }, classes]).toEqual([{ size: ['a "b"', 'large', 'small'] }, null]);
  });

  it('names file, row and column of a target that is no int32, as csvBatches does', async () => {
    for (const [value, options, said] of [
      ['1.5', { targetDtype: 'int32' }, '1.5 is no int32'],
      ['3000000000', {}, '3000000000 is an integer beyond int32\n  file: '],
    ] as const) {
      const path = join(folder, 'no-int32.csv');
      writeFileSync(path, `a,b\n\n1,2\n3,${value}\n`);
      const asked = { target: 'b', ...options };
      const [whole, batches] = await Promise.all([
        rejection(readCsv(path, asked)),
        rejection(csvBatches(path, { ...asked, batchSize: 2 })),
      ]);
      expect(whole.message).toContain(`[readCsv] line 4, column "b": ${said}`);
      expect(whole.message).toContain(`\n  file: ${path}`);
      expect(whole.message.replace('readCsv', 'csvBatches')).toBe(batches.message);
    }
  });

  it('missing values where they are allowed', async () => {
    const text = 'a,b,c\n1,,x\n?,2,\nNA,3,y\n';
    const { x, categories } = await readCsv(bytes(text), { naValues: ['NA', '?'] });
    expect(x.toArray()).toEqual([
      [1, Number.NaN, 0],
      [Number.NaN, 2, Number.NaN],
      [Number.NaN, 3, 1],
    ]);
    expect(categories['c']).toEqual(['x', 'y']);
    await rejects(text, {}, 'line 2, column "b": the value is missing\n  hint: naValues: [] reads it as NaN');
    await rejects(text, { naValues: [] }, 'line 3, column "a": expected a number, got "?"\n  hint: naValues: ["?"] reads it as missing');
    const asTarget = (naValues?: string[]) => readCsv(bytes(text), { target: 'b', ...(naValues && { naValues }) });
    await expect(asTarget(['NA', '?'])).rejects.toThrow(
      /column "b": the value is missing\n {2}hint: targetDtype: "float32" reads it as NaN$/,
    );
    await expect(asTarget()).rejects.toThrow(/is missing\n {2}hint: naValues: \[\] with targetDtype: "float32" reads it as NaN$/);
    const { y } = await readCsv(bytes(text), { naValues: ['NA', '?'], target: 'b', targetDtype: 'float32' });
    expect([y?.dtype, y?.toArray()]).toEqual(['float32', [Number.NaN, 2, 3]]);
  });

  it('several targets', async () => {
    const { x, y, columns, classes } = await readCsv(bytes('a,b,c\n1,2,3\n4,5,6.5\n'), { target: ['c', 'a'] });
    expect([x.toArray(), columns, classes]).toEqual([[[2], [5]], ['b'], null]);
    expect([y?.dtype, y?.toArray()]).toEqual([
      'float32',
      [
        [3, 1],
        [6.5, 4],
      ],
    ]);
    const ints = await readCsv(bytes('a,b\n1,2\n'), { target: ['b'] });
    expect([ints.y?.dtype, ints.y?.shape]).toEqual(['int32', [1, 1]]);
  });

  it('a target of the type that is asked for', async () => {
    const text = 'a,b\n1,2\n1,3\n';
    expect((await readCsv(bytes(text), { target: 'b', targetDtype: 'float32' })).y?.dtype).toBe('float32');
    await rejects('a,b\n1,2\n1,2.5\n', { target: 'b', targetDtype: 'int32' }, '[readCsv] line 3, column "b": 2.5 is no int32');
    await rejects(text, { targetDtype: 'int32' }, 'targetDtype needs a target');
    await rejects(
      text,
      { target: 'b', targetDtype: 'int64' as 'int32' },
      'expected targetDtype to be one of "float32", "int32", got "int64"',
    );
  });

  it('integers up to the ends of int32, and refuses to merge those beyond', async () => {
    const { y } = await readCsv(bytes('a,b\n1,2147483647\n1,-2147483648\n1,16777217\n'), { target: 'b' });
    expect(y?.toArray()).toEqual([2147483647, -2147483648, 16777217]);
    for (const beyond of ['2147483648', '-2147483649', '12345678901234567']) {
      await rejects(`a,b\n1,5\n\n1,${beyond}\n`, { target: 'b' }, /line 4, column "b": -?\d+ is an integer beyond int32/);
    }
    expect((await readCsv(bytes('a,b\n1,3000000000\n1,0.5\n'), { target: 'b' })).y?.dtype).toBe('float32');
    expect((await readCsv(bytes('a,b\n1,3000000000\n1,3000000001\n'), { target: 'b', text: ['b'] })).y?.toArray()).toEqual([0, 1]);
  });

  it('decimal commas', async () => {
    const { x } = await readCsv(bytes('a;b\n1,5;-2,25e1\n3;,5\n'), { delimiter: ';', decimal: ',' });
    expect(x.toArray()).toEqual([
      [1.5, -22.5],
      [3, 0.5],
    ]);
    await rejects('a;b\n1,5;2\n', { delimiter: ';' }, /line 2, column "a": expected a number, got "1,5"\n {2}hint: decimal: ","/);
    // Where commas separate values, they are no decimal points.
    await rejects('a,b\n"1,5",2\n', {}, 'got "1,5"\n  hint: text: ["a"] reads the column as text');
    await rejects('a;b\n1.5;2\n', { delimiter: ';', decimal: ',' }, 'line 2, column "a": expected a number, got "1.5"');
    await rejects('a,b\n1,2\n', { decimal: ',' }, 'delimiter and decimal are both ","');
  });

  it('all line ends, also mixed, and empty lines, which do not shift rows', async () => {
    const text = '\n\r\na,b\r\n1,2\n\n3,4\r \t \n5,6\r\n\r\n7,x\n';
    expect((await readCsv(bytes(text.replace('x', '8')))).x.toArray()).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]);
    await rejects(text, {}, 'line 10, column "b": expected a number, got "x"');
    await rejects('a,b\n"two\nlines",1\r\n"x\r\ny",z\n', {}, 'line 4, column "b": expected a number, got "z"');
  });

  it('spaces and tabs around values and quotes', async () => {
    const { x, columns, categories } = await readCsv(bytes(' a ,\t"b", c\n 1 , "2" ,  Private \n3\t,\t"4", Self emp\n'));
    expect([columns, x.toArray(), categories['c']]).toEqual([
      ['a', 'b', 'c'],
      [
        [1, 2, 0],
        [3, 4, 1],
      ],
      ['Private', 'Self emp'],
    ]);
    await rejects('a,b\n"1"2,3\n', {}, 'line 2, column "a": there is something between the closing quote and the end of the value');
    await rejects('a,b\n1,"2\n', {}, 'the table is not a CSV file: in line 2, column "b", a quote is not closed');
    expect((await readTable(bytes('a,b\n5" pipe,1\n'))).texts('a')).toEqual(['5" pipe']);
  });

  it('an unnamed column where it is asked for or left out', async () => {
    const text = ',a\n0,5\n1,6\n';
    await rejects(text, {}, 'the table: column 1 has no name\n  hint: drop: [""] leaves it out');
    expect((await readCsv(bytes(text), { drop: [''] })).x.toArray()).toEqual([[5], [6]]);
    expect((await readCsv(bytes(text), { columns: ['', 'a'] })).x.shape).toEqual([2, 2]);
  });

  it('separators of several characters, tabs and spaces', async () => {
    for (const delimiter of ['\t', ' ', '||', '::', '|', 'é']) {
      expect((await readCsv(bytes(['a', 'b'].join(delimiter).concat('\n1', delimiter, '2\n')), { delimiter })).x.toArray()).toEqual([
        [1, 2],
      ]);
    }
    const whole = 'hint: delimiter: ";" would divide "a;b", delimiter: "," leaves it whole';
    for (const options of [{}, { target: 'b' }]) await rejects('a;b\n1;2\n', options, `the table has a single column, "a;b"\n  ${whole}`);
    for (const options of [{ delimiter: ',' }, { columns: ['a;b'] }])
      expect((await readCsv(bytes('a;b\n1\n'), options)).columns).toEqual(['a;b']);
    await rejects('a;b\n1;2\n', { columns: ['b'] }, 'the table has no column "b"\n  hint: delimiter: ";" would divide "a;b"');
    for (const delimiter of ['"', '\n', '.', '5', '-']) await rejects('a', { delimiter }, 'cannot separate values');
  });

  it('paths, file: URLs, bytes and streams', async () => {
    const path = join(folder, 'ä b.csv');
    writeFileSync(path, 'a\n1\n2\n');
    async function* texts() {
      yield 'a\n1';
      yield '\n2';
    }
    const url = pathToFileURL(path);
    for (const source of [
      path,
      url,
      url.href,
      new Uint8Array(bytes('a\n1\n2')),
      createReadStream(path),
      texts(),
      new Blob(['a\n1\n2']).stream(),
    ]) {
      expect((await readCsv(source as string)).x.toArray()).toEqual([[1], [2]]);
    }
    await expect(readCsv(new URL('https://example.org/a.csv'))).rejects.toThrow('expected a file: URL');
    await expect(readCsv('a\0b')).rejects.toThrow('is not a path');
    await expect(readCsv(createReadStream(join(folder, 'none.csv')))).rejects.toThrow('ENOENT');
    writeFileSync(path, 'a\nx\n1\nx\n');
    await expect(readCsv(path, { text: [] })).rejects.toThrow(`line 2, column "a": expected a number, got "x"\n  file: ${path}`);
  });
});

describe('readCsv refuses', () => {
  it('what is no text in UTF-8', async () => {
    await rejects(Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), {}, 'the table is UTF-16, not CSV\n  hint: save it as UTF-8');
    await rejects(Buffer.from('a,b\n1,2\n', 'utf16le'), {}, /line 1: there is a NUL byte/);
    await rejects('a,b\n1,\0\n', {}, 'line 2, column "b": there is a NUL byte');
    await rejects(Buffer.of(0x1f, 0x8b, 8, 0), {}, 'the table is compressed by gzip');
    await rejects('PK\x03\x04', {}, 'a ZIP archive');
    const old = Buffer.from('a\nK\xf6ln\nx\n', 'latin1');
    await rejects(old, {}, 'line 2, column "a": the text is not UTF-8\n  hint: encoding: "windows-1252"');
    expect((await readCsv(old, { encoding: 'windows-1252' })).categories['a']).toEqual(['Köln', 'x']);
    // Each byte that is no ASCII, as the standard has it; the five that it leaves open are controls.
    const all = Buffer.from(Array.from({ length: 128 }, (_, i) => 128 + i));
    const { categories } = await readCsv(Buffer.concat([bytes('a\n-'), all, bytes('-\n')]), { encoding: 'windows-1252' });
    const upper = Array.from({ length: 96 }, (_, i) => String.fromCharCode(160 + i)).join('');
    expect(categories['a']).toEqual([`-€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ${upper}-`]);
  });

  it('text in a column of numbers, numbers that are meant as such, and text where none is asked for', async () => {
    await rejects('a\n1\n12a\n', {}, 'line 3, column "a": expected a number, got "12a"\n  hint: text: ["a"] reads the column as text');
    expect((await readCsv(bytes('a\n1\n12a\n'), { text: ['a'] })).categories['a']).toEqual(['1', '12a']);
    for (const text of ['-Infinity', 'inf', '5 %', '1e+', "1'000", '"1,000"', 'NULL'])
      await rejects(`a\n${text}\n`, {}, 'line 2, column "a": expected a number');
    for (const text of ['0-17', '2024-01-05', 'e', 'T', '10.0.0.1:80']) {
      expect((await readCsv(bytes(`a\n${text}\n`))).categories['a']).toEqual([text]);
    }
    await rejects('a,b\n1,x\n', { text: ['a'] }, 'line 2, column "b": expected a number, got "x"');
    await rejects('a\n3.4028235677973366e38\n', {}, '3.4028235677973366e38 is too large for float32');
    expect((await readCsv(bytes('a\n3.4028235677973362e38\n'))).x.item()).toBe(3.4028234663852886e38);
  });

  it('options that contradict each other or name nothing', async () => {
    await rejects('a,b\n1,2\n', { columns: ['a'], drop: ['b'] }, 'expected columns or drop, got both');
    await rejects('a,b\n1,2\n', { drop: ['c'] }, 'the table has no column "c"');
    await rejects('a,b\n1,2\n', { drop: ['a', 'b'] }, /no columns/);
    await rejects('a,b\n1,2\n', { columns: ['a', 'a'] }, 'columns has "a" twice');
    await rejects('a,b\n1,2\n', { naValues: 3 as unknown as string }, 'expected naValues to be a text or an array of texts, got 3');
    await rejects('a,b\n1,2\n', { text: ['z'] }, 'has no column "z"');
  });

  it('columns that are named by numbers', async () => {
    const plain = '1,2\n3,4\n';
    const hint = 'columns are named by strings: those of the first row, or "0", "1", "2", ... with header: false';
    await rejects(plain, { header: false, target: 1 as never }, `expected target to be a name, got 1\n  hint: ${hint}`);
    for (const name of ['target', 'columns', 'drop', 'text']) {
      const message = `expected ${name} to be an array of names, got an array\n  hint: ${hint}`;
      await rejects(plain, { header: false, [name]: [1] }, message);
    }
    await rejects(plain, { target: -1 as never }, `expected target to be a name, got -1\n  hint: ${hint}`);
    await rejects(plain, { target: true as never }, 'expected target to be a name, got true\n  hint: or an array of names');
    expect((await readCsv(bytes(plain), { header: false, target: '1' })).y!.toArray()).toEqual([2, 4]);
  });

  it('rows of another length, however long', async () => {
    await rejects('1,2\n3\n', { header: false }, '[readCsv] line 2 has 1 value, the first row 2');
    await rejects('a,b\n1,2\n\n1,2,3,4\n', {}, '[readCsv] line 4 has 4 values, the header 2');
    await rejects(`a,b\n${'1,'.repeat(3e5)}\n`, {}, '[readCsv] line 2 has 300001 values, the header 2');
  });
});

describe('limits', () => {
  it('names that JavaScript has uses for', async () => {
    const { columns, categories } = await readCsv(bytes('__proto__,constructor\nx,1\ny,2\n'));
    expect([columns, Object.keys(categories), Object.values(categories)[0]]).toEqual([
      ['__proto__', 'constructor'],
      ['__proto__'],
      ['x', 'y'],
    ]);
  });

  it('100,000 columns', async () => {
    const width = 100_000;
    const row = (at: number): string => Array.from({ length: width }, (_, i) => i + at).join(',');
    const { x } = await readCsv(bytes(`${row(0).replaceAll(/\d+/g, 'c$&')}\n${row(0)}\n${row(1)}\n`), { drop: ['c7'] });
    expect([x.shape, x.data[7], x.data[2 * width - 3]]).toEqual([[2, width - 1], 8, width]);
  });

  it('a line without end is refused before it fills the memory', async () => {
    let given = 0;
    async function* endless() {
      yield 'a,b\n1,"';
      for (; ; given++) yield Buffer.alloc(2 ** 20, 0x78);
    }
    await expect(readCsv(endless())).rejects.toThrow('line 2: a value is longer than 16 MiB\n  hint: a quote that is not closed?');
    expect(given).toBeLessThan(20);
  });
});
