// Files that are not what they say: a clear error, never a crash, a read beyond the file or memory for what is not there.
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { io } from '../../src';
import { rejection } from '../rejection';
import { fileOf, folder } from './files';

const at = folder();
const data = (n: number): Uint8Array => new Uint8Array(n);
const entry = (dtype: string, shape: string, begin: number | string, end: number | string): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;
const one = (dtype: string, shape: string, begin: number | string, end: number | string): string =>
  `{"a":${entry(dtype, shape, begin, end)}}`;

const hostile: [what: string, bytes: Uint8Array, message: string][] = [
  ['nothing', data(0), 'it has 0 bytes'],
  ['seven bytes', data(7), 'it has 7 bytes'],
  ['no header', fileOf(''), 'its header is not the JSON that it should be: expected a value at character 0'],
  ['a length beyond the file', fileOf('{}', data(0), 3), 'its header is said to have 3 bytes, the file has 10'],
  [
    'a length beyond what is allowed',
    fileOf('{}', data(0), 100_000_001),
    'its header is said to have 100000001 bytes, 100000000 are allowed',
  ],
  ['a length of 2^63', fileOf('{}', data(0), 2n ** 63n), 'its header is said to have 9223372036854776000 bytes, 100000000 are allowed'],
  ['a length of 2^64 - 1', fileOf('{}', data(0), 2n ** 64n - 1n), '100000000 are allowed'],
  ['not UTF-8', fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), 'its header is not UTF-8'],
  ['UTF-16 halves as UTF-8', fileOf(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)), 'its header is not UTF-8'],
  ['a byte order mark', fileOf('\ufeff{}'), 'expected a value at character 0'],
  ['half a character', fileOf('{"\\ud800":{}}'), 'half of a character at character 1'],
  ['a list', fileOf('[]'), 'its header is not an object'],
  ['a text', fileOf('"{}"'), 'its header is not an object'],
  ['a word that is no value', fileOf('nan'), 'expected a value at character 0'],
  ['more behind it', fileOf('{}x'), 'expected its end at character 2'],
  ['a second object', fileOf('{}{}'), 'expected its end at character 2'],
  ['an object that does not end', fileOf('{"a":1'), 'expected "," or "}" at character 6'],
  ['a text that does not end', fileOf('{"a'), 'expected a text at character 1'],
  ['an escape that ends the header', fileOf('{"a\\'), 'expected a text at character 1'],
  ['a control character', fileOf('{"a\n":1}'), 'expected a text at character 1'],
  ['a comma too many', fileOf('{"a":1,}'), 'expected a name at character 7'],
  ['an apostrophe', fileOf("{'a':1}"), 'expected a name at character 1'],
  ['a comment', fileOf('{/**/}'), 'expected a name at character 1'],
  ['zeros behind it', fileOf('{}\0\0'), 'expected its end at character 2'],
  ['a depth of 600', fileOf(`{"a":${'['.repeat(600)}${']'.repeat(600)}}`), 'nested more than 512 deep'],
  ['a depth of a million', fileOf('['.repeat(1e6)), 'nested more than 512 deep at character 513'],
  ['a name twice', fileOf(`{"a":${entry('F32', '[1]', 0, 4)},"a":${entry('F32', '[1]', 0, 4)}}`, data(4)), '"a" stands twice'],
  [
    'a name twice, once escaped',
    fileOf(`{"a":${entry('F32', '[1]', 0, 4)},"\\u0061":${entry('F32', '[1]', 0, 4)}}`, data(4)),
    '"a" stands twice',
  ],
  ['a member twice', fileOf('{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}', data(4)), '"dtype" stands twice'],
  ['metadata twice', fileOf('{"__metadata__":{},"__metadata__":{}}'), '"__metadata__" stands twice'],
  ['a flood of objects', fileOf(`{"a":[${'{},'.repeat(1e6)}{}]}`), 'the values take more than 69 MB of memory at character'],
  [
    'a flood of tensors without anything',
    fileOf(`{${Array.from({ length: 3e5 }, (_, i) => `"${i}":{}`).join()}}`),
    'MB of memory at character',
  ],
  ['a number as tensor', fileOf('{"a":1}'), 'tensor "a": expected { dtype, shape, data_offsets }'],
  ['null as tensor', fileOf('{"a":null}'), 'tensor "a": expected { dtype, shape, data_offsets }'],
  ['__proto__ as tensor', fileOf('{"__proto__":{"dtype":"F32"}}'), 'tensor "__proto__": expected shape to be a list of whole numbers'],
  ['no dtype', fileOf('{"a":{"shape":[1],"data_offsets":[0,4]}}', data(4)), 'tensor "a": expected dtype to be a text'],
  ['another dtype', fileOf(one('F31', '[1]', 0, 4), data(4)), 'tensor "a": there is no dtype "F31"'],
  ['a dtype that objects have', fileOf(one('constructor', '[1]', 0, 4), data(4)), 'tensor "a": there is no dtype "constructor"'],
  ['no shape', fileOf('{"a":{"dtype":"F32","data_offsets":[0,4]}}', data(4)), 'tensor "a": expected shape to be a list of whole numbers'],
  ['a size below 0', fileOf(one('F32', '[-1]', 0, 4), data(4)), 'expected shape to be a list of whole numbers'],
  ['a size of -0', fileOf(one('F32', '[-0]', 0, 0)), 'expected shape to be a list of whole numbers'],
  ['a size of 1.0', fileOf(one('F32', '[1.0]', 0, 4), data(4)), 'expected shape to be a list of whole numbers'],
  ['a size of 1e0', fileOf(one('F32', '[1e0]', 0, 4), data(4)), 'expected shape to be a list of whole numbers'],
  ['a size of 2^53', fileOf(one('F32', '[9007199254740992]', 0, 4), data(4)), 'expected shape to be a list of whole numbers'],
  ['a size of 2^64 + 1', fileOf(one('F32', '[18446744073709551617]', 0, 4), data(4)), 'expected shape to be a list of whole numbers'],
  ['a size with a zero before it', fileOf(one('F32', '[01]', 0, 4), data(4)), 'expected "," or "]"'],
  ['a size as text', fileOf(one('F32', '["1"]', 0, 4), data(4)), 'expected shape to be a list of whole numbers'],
  ['a product that is 2^64', fileOf(one('F32', '[4294967296,4294967296]', 0, 0)), 'tensor "a": the shape has too many elements'],
  ['a product beyond 2^53 times 0', fileOf(one('F32', '[0,4294967296,4294967296]', 0, 0)), 'tensor "a": the shape has too many elements'],
  [
    'a product that is infinite',
    fileOf(one('F32', `[${Array(40).fill('9007199254740991').join()}]`, 0, 0)),
    'the shape has too many elements',
  ],
  [
    'offsets that are one',
    fileOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}', data(4)),
    'expected data_offsets to be two whole numbers',
  ],
  [
    'offsets that are three',
    fileOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', data(4)),
    'expected data_offsets to be two whole numbers',
  ],
  ['offsets below 0', fileOf(one('F32', '[1]', -4, 0), data(4)), 'expected data_offsets to be two whole numbers'],
  [
    'offsets of 2^53',
    fileOf(one('F32', '[1]', '9007199254740992', '9007199254740996'), data(4)),
    'expected data_offsets to be two whole numbers',
  ],
  ['offsets that go back', fileOf(one('F32', '[1]', 4, 0), data(4)), 'F32 [1] has 4 bytes, its data_offsets are 4 to 0'],
  ['more than its shape has', fileOf(one('F32', '[1]', 0, 8), data(8)), 'F32 [1] has 4 bytes, its data_offsets are 0 to 8'],
  ['less than its shape has', fileOf(one('F32', '[3]', 0, 8), data(8)), 'F32 [3] has 12 bytes, its data_offsets are 0 to 8'],
  [
    'a gigabyte that is not there',
    fileOf(one('F32', '[268435456]', 0, 1073741824), data(4)),
    'the tensors end at byte 1073741824 of 4: the file is cut off',
  ],
  ['a petabyte that is not there', fileOf(one('U8', '[562949953421312]', 0, 562949953421312)), 'the file is cut off'],
  ['a byte too many', fileOf(one('F32', '[1]', 0, 4), data(5)), 'the tensors end at byte 4 of 5: the file is longer than it says'],
  ['data of nobody', fileOf('{}', data(1)), 'the tensors end at byte 0 of 1: the file is longer than it says'],
  ['a hole before', fileOf(one('F32', '[1]', 4, 8), data(8)), 'begins at byte 4, the one before ends at 0: they leave a hole'],
  ['a hole between', fileOf(`{"a":${entry('F32', '[1]', 0, 4)},"b":${entry('F32', '[1]', 8, 12)}}`, data(12)), 'leave a hole'],
  ['one upon the other', fileOf(`{"a":${entry('F32', '[1]', 0, 4)},"b":${entry('F32', '[1]', 0, 4)}}`, data(4)), 'they overlap'],
  ['one into the other', fileOf(`{"a":${entry('F32', '[2]', 0, 8)},"b":${entry('F32', '[1]', 4, 8)}}`, data(8)), 'they overlap'],
  ['half a byte', fileOf(one('F4', '[3]', 0, 2), data(2)), '3 elements of F4 fill no whole bytes'],
  ['metadata that is a list', fileOf('{"__metadata__":[]}'), 'expected __metadata__ to be an object of texts'],
  ['metadata that is a number', fileOf('{"__metadata__":{"a":1}}'), 'expected "a" of __metadata__ to be a text'],
  ['metadata that is nested', fileOf('{"__metadata__":{"a":{}}}'), 'expected "a" of __metadata__ to be a text'],
];

describe('a file of another kind', () => {
  it.each([
    ['text', 'a,b\n1,2\n3,4\n'],
    ['ONNX', '\b\n\u0012\u0006simdnn:\u0000'],
    ['a ZIP archive', 'PK\u0003\u0004\u0014\u0000\u0000\u0000\b\u0000\u0000'],
  ])('%s is called so', async (_, text) => {
    const file = at('other.safetensors');
    writeFileSync(file, text);
    const error = await rejection(io.loadModel(file));
    expect(error.message).toBe(`[io.loadModel] ${file} is no safetensors file: it begins otherwise`);
    expect(error.constructor).toBe(RangeError);
  });
});

describe('a file with', () => {
  it.each(hostile)('%s is refused', async (_, bytes, message) => {
    const file = at('hostile.safetensors');
    writeFileSync(file, bytes);
    const error = await rejection(io.loadSafetensors(file));
    expect(error.message).toContain(`[io.loadSafetensors] ${file} is no whole safetensors file: `);
    expect(error.message).toContain(message);
    expect(error.constructor).toBe(RangeError);
  });

  it('a header of 100 MB in a file of ten bytes takes no memory for it', async () => {
    const file = at('large.safetensors');
    writeFileSync(file, fileOf('{}', data(0), 100_000_000));
    const before = process.memoryUsage().arrayBuffers;
    await rejection(io.loadSafetensors(file));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });
});

describe('odd, but allowed, is', () => {
  it.each<[string, Uint8Array, string[]]>([
    ['space around', fileOf(` \n{ "a" : ${entry('F32', '[ 1 ]', 0, 4)} }  `, data(4)), ['a']],
    ['metadata that is null', fileOf(`{"__metadata__":null,"a":${entry('F32', '[]', 0, 4)}}`, data(4)), ['a']],
    ['a member that is not known', fileOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":[{"b":1.5}]}}', data(4)), ['a']],
    [
      'empty tensors at one place',
      fileOf(`{"a":${entry('F32', '[0]', 4, 4)},"b":${entry('I32', '[1]', 0, 4)},"c":${entry('F32', '[3,0]', 4, 4)}}`, data(4)),
      ['a', 'b', 'c'],
    ],
    ['tensors in another order', fileOf(`{"a":${entry('F32', '[1]', 4, 8)},"b":${entry('F32', '[1]', 0, 4)}}`, data(8)), ['a', 'b']],
    ['a name that is empty', fileOf(`{"":${entry('BOOL', '[3]', 0, 3)}}`, data(3)), ['']],
    ['another dtype that nobody asks for', fileOf(`{"a":${entry('F4', '[2]', 0, 1)}}`, data(1)), []],
  ])('%s', async (_, bytes, names) => {
    const file = at('odd.safetensors');
    writeFileSync(file, bytes);
    const { tensors } = await io.loadSafetensors(file, { names });
    expect(Object.keys(tensors)).toEqual(names);
    if (names.length > 0) expect(Object.keys((await io.loadSafetensors(file)).tensors)).toEqual(names);
  });
});
