// Checks pages of Parquet files before the package reads them. The package writes as many values as a run claims to have, and in a damaged file that may exceed memory.
import type { Library } from './parquet-file';

export type PageHeader = ReturnType<Library['parquetHeader']>;
export type Decoder = Parameters<Library['readPage']>[2];

const largestPage = 2 ** 25; // values
const mostBytes = 2 ** 30; // of an uncompressed page, and of the texts in it

/** The length of the Thrift compact message that the bytes begin with. Checked first, because the package would read numbers without an end for hours. */
export function lengthOfHeader(bytes: Uint8Array): number {
  let at = 0;
  const take = (count: number): void => {
    at += count;
    if (at > bytes.length) throw new Error('a header ends too early');
  };
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at]!;
      take(1);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error('a number in a header is damaged');
  };
  const list = (depth: number): void => {
    const kind = bytes[at]!;
    take(1);
    const count = kind >> 4 === 15 ? varint() : kind >> 4;
    for (let i = 0; i < count; i++) element(Math.max(3, kind & 15), depth); // true and false are a byte each
  };
  const struct = (depth: number): void => {
    for (;;) {
      const kind = bytes[at]!;
      take(1);
      if ((kind & 15) === 0) return;
      if (kind >> 4 === 0) varint();
      if ((kind & 15) > 2) element(kind & 15, depth);
    }
  };
  const element = (type: number, depth: number): void => {
    if (depth > 32) throw new Error('a header is nested too deeply');
    if (type === 3) take(1);
    else if (type >= 4 && type <= 6) varint();
    else if (type === 7) take(8);
    else if (type === 8) take(varint());
    else if (type === 9) list(depth + 1);
    else if (type === 12) struct(depth + 1);
    else throw new Error(`a header has a value of unknown type ${type}`);
  };
  struct(0);
  return at;
}

/** Throws for a header with impossible values. At most `most` values may follow; the column has `bytes` bytes. */
export function checkHeader(header: PageHeader, most: number, bytes: number): void {
  const { uncompressed_page_size: size, type } = header;
  const values = (header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header)?.num_values ?? 0;
  const limit = type === 'DICTIONARY_PAGE' ? largestPage : Math.min(largestPage, most);
  if (!(values >= 0 && values <= limit)) throw new Error(`a page says that it has ${values} values`);
  if (!(size >= 0 && size <= Math.min(bytes, mostBytes))) throw new Error(`a page says that it has ${size} bytes`);
}

// Reads runs of values of `bits` bits, which are repeated or bit-packed, and throws if they have more values than the page. For values of one bit it
// returns how many are 1.
function checkRuns(page: Uint8Array, from: number, bits: number, values: number): number {
  let at = from;
  let ones = 0;
  for (let seen = 0; seen < values; ) {
    let header = 0;
    for (let shift = 0, isLast = false; !isLast; shift += 7) {
      if (at >= page.length || shift > 28) throw new Error('a run of its values is damaged');
      header += (page[at]! & 0x7f) * 2 ** shift;
      isLast = page[at++]! < 0x80;
    }
    const isPacked = header % 2 === 1;
    const count = isPacked ? 8 * Math.floor(header / 2) : header / 2;
    // Bit-packed values come in groups of eight.
    if (count === 0 || seen + count > values + (isPacked ? 7 : 0)) throw new Error(`a run says that it has ${count} values`);
    if (bits === 1 && !isPacked) ones += page[at] === 1 ? count : 0;
    if (bits === 1 && isPacked) for (let i = 0; i < count && seen + i < values; i++) ones += (page[at + (i >> 3)]! >> (i & 7)) & 1;
    at += isPacked ? (count / 8) * bits : Math.ceil(bits / 8);
    seen += count;
  }
  return ones;
}

// Throws for a page that is too short for its plain values, because memory for them would be allocated first.
function checkRoom(page: Uint8Array, at: number, { type, element }: Decoder, values: number): void {
  const bytes = {
    BOOLEAN: 1 / 8,
    INT32: 4,
    INT64: 8,
    INT96: 12,
    FLOAT: 4,
    DOUBLE: 8,
    BYTE_ARRAY: 4,
    FIXED_LEN_BYTE_ARRAY: element.type_length ?? 0,
  };
  if (values * bytes[type] > page.length - at) throw new Error(`a page of ${page.length - at} bytes says that it has ${values} values`);
}

type Reader = Parameters<Library['deltaBinaryUnpack']>[0];

// Checks the delta encoding of numbers from the reader's position on. The number of values in a block determines how much memory is allocated.
function checkBlocks({ view, offset }: Reader): void {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, Math.min(20, view.byteLength - offset));
  let at = 0;
  const [block, parts] = [0, 1].map(() => {
    let value = 0;
    for (let shift = 0, isLast = false; !isLast && shift < 35; shift += 7) {
      isLast = bytes[at]! < 0x80;
      value += (bytes[at++]! & 0x7f) * 2 ** shift;
    }
    return value;
  });
  if (!(parts! >= 1 && parts! <= 2 ** 16 && Number.isInteger(block! / parts!))) throw new Error('its blocks of differences are damaged');
}

// Checks texts that share a prefix with the text before, whose lengths are given first.
function checkPrefixes(library: Library, reader: Reader, values: number): void {
  const lengths = [0, 1].map(() => {
    const found = new Int32Array(values);
    checkBlocks(reader);
    library.deltaBinaryUnpack(reader, values, found);
    return found;
  });
  let [before, all] = [0, 0];
  for (let i = 0; i < values; i++) {
    const [prefix, suffix] = [lengths[0]![i]!, lengths[1]![i]!];
    if (!(prefix >= 0 && prefix <= before && suffix >= 0)) throw new Error('a text begins with more than the one before has');
    before = prefix + suffix;
    all += prefix === 0 ? 0 : before;
    if (all > mostBytes) throw new Error(`a page has texts of more than ${mostBytes} bytes`);
  }
}

const isDictionary = (encoding: string): boolean => encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY';

// Checks a page's values from `at` on.
function checkValues(library: Library, page: Uint8Array, at: number, encoding: string, decoder: Decoder, values: number): void {
  const { type } = decoder;
  const reader = { view: new DataView(page.buffer as ArrayBuffer, page.byteOffset, page.length), offset: at };
  if (encoding === 'PLAIN' || encoding === 'BYTE_STREAM_SPLIT') checkRoom(page, at, decoder, values);
  else if (encoding === 'DELTA_BYTE_ARRAY') checkPrefixes(library, reader, values);
  else if (encoding.startsWith('DELTA')) checkBlocks(reader);
  if (isDictionary(encoding)) {
    const bits = page[at]!;
    if (!(bits <= 32)) throw new Error(`its numbers have ${bits} bits`);
    if (bits > 0) checkRuns(page, at + 1, bits, values);
  } else if (encoding === 'RLE' && type === 'BOOLEAN') {
    checkRuns(page, at + 4, 1, values);
  }
}

// For an empty page some writers write a few bytes that are not a compressed stream.
const decompressed = (library: Library, bytes: Uint8Array, size: number, { codec, compressors }: Decoder): Uint8Array =>
  size === 0 ? bytes.subarray(0, 0) : library.decompressPage(bytes, size, codec, compressors);

/** The values of a page of a dictionary, as numbers and texts. */
export function checkedDictionary(library: Library, header: PageHeader, bytes: Uint8Array, decoder: Decoder) {
  const page = decompressed(library, bytes, header.uncompressed_page_size, decoder);
  checkRoom(page, 0, decoder, header.dictionary_page_header?.num_values ?? 0);
  const plain = plainPage(header, page, true);
  const view = new DataView(page.buffer as ArrayBuffer, page.byteOffset, page.length);
  const { data } = library.readPage({ view, offset: 0 }, plain.header, { ...decoder, codec: 'UNCOMPRESSED' }, undefined, undefined, 0);
  return data;
}

/** An uncompressed data page, and whether no value is missing; then it has no levels. */
export interface CheckedPage {
  header: PageHeader;
  bytes: Uint8Array;
  isWhole: boolean;
}

/** Checks a page of a column that is neither a list nor a structure. */
export function checkedPage(library: Library, header: PageHeader, bytes: Uint8Array, decoder: Decoder): CheckedPage {
  if (header.data_page_header_v2 !== undefined) return checkedSecond(library, header, bytes, decoder);
  const first = header.data_page_header;
  if (first === undefined) throw new Error('a page has no header of its own');
  const page = decompressed(library, bytes, header.uncompressed_page_size, decoder);
  let at = 0;
  let values = first.num_values;
  if (mayMiss(decoder)) {
    if (page.length < 4) throw new Error('a page ends within its levels');
    values = checkRuns(page, 4, 1, values);
    at = 4 + new DataView(page.buffer, page.byteOffset).getUint32(0, true);
  }
  checkValues(library, page, at, first.encoding, decoder, values);
  const isWhole = values === first.num_values;
  return plainPage(header, isWhole ? page.subarray(at) : page, isWhole);
}

const mayMiss = ({ element }: Decoder): boolean => element.repetition_type !== 'REQUIRED';

const plainPage = (header: PageHeader, bytes: Uint8Array, isWhole: boolean): CheckedPage => ({
  header: { ...header, compressed_page_size: bytes.length, uncompressed_page_size: bytes.length },
  bytes,
  isWhole,
});

// Checks a page of the second version, whose levels are not compressed.
function checkedSecond(library: Library, header: PageHeader, bytes: Uint8Array, decoder: Decoder): CheckedPage {
  const second = header.data_page_header_v2!;
  const levels = second.definition_levels_byte_length + second.repetition_levels_byte_length;
  const values = second.num_values - second.num_nulls;
  if (!(levels >= 0 && levels <= bytes.length && values >= 0 && second.num_nulls >= 0)) throw new Error('the levels of a page are damaged');
  const present = mayMiss(decoder)
    ? checkRuns(bytes.subarray(0, levels), second.repetition_levels_byte_length, 1, second.num_values)
    : second.num_values;
  if (present !== values) throw new Error(`a page says that it has ${values} values, and has ${present}`);
  const rest = bytes.subarray(levels);
  const size = header.uncompressed_page_size - levels;
  const body = second.is_compressed !== false ? decompressed(library, rest, size, decoder) : rest;
  checkValues(library, body, 0, second.encoding, decoder, values);
  const isWhole = second.num_nulls === 0;
  const none = { definition_levels_byte_length: 0, repetition_levels_byte_length: 0 };
  const plain = { ...header, data_page_header_v2: { ...second, is_compressed: false, ...(isWhole && none) } };
  return plainPage(plain, isWhole ? body : Buffer.concat([bytes.subarray(0, levels), body]), isWhole);
}
