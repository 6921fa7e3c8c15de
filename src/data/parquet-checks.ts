// Pages of Parquet files checked before the package reads them: it writes as many values as a run says that it has, which in a damaged file may be more than memory holds.
import type { pageLibrary } from './parquet-file';

type Library = Awaited<ReturnType<typeof pageLibrary>>;
export type PageHeader = ReturnType<Library['parquetHeader']>;
export type Decoder = Parameters<Library['readPage']>[2];

const largestPage = 2 ** 25; // values

/** Refuses a header that says what cannot be; `most` is how many values may come, `bytes` how many the column has. */
export function checkHeader(header: PageHeader, most: number, bytes: number): void {
  const { uncompressed_page_size: size, type } = header;
  const values = (header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header)?.num_values ?? 0;
  const limit = type === 'DICTIONARY_PAGE' ? largestPage : Math.min(largestPage, most);
  if (!(values >= 0 && values <= limit)) throw new Error(`a page says that it has ${values} values`);
  if (!(size >= 0 && size <= bytes)) throw new Error(`a page says that it has ${size} bytes`);
}

// Goes through runs of values of so many bits, each all alike or packed, and refuses those that have more values than there are. Of values of one bit it
// returns how many are ones.
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
    // What is packed comes in eights.
    if (count === 0 || seen + count > values + (isPacked ? 7 : 0)) throw new Error(`a run says that it has ${count} values`);
    if (bits === 1 && !isPacked) ones += page[at] === 1 ? count : 0;
    if (bits === 1 && isPacked) for (let i = 0; i < count && seen + i < values; i++) ones += (page[at + (i >> 3)]! >> (i & 7)) & 1;
    at += isPacked ? (count / 8) * bits : Math.ceil(bits / 8);
    seen += count;
  }
  return ones;
}

const isDictionary = (encoding: string): boolean => encoding === 'RLE_DICTIONARY' || encoding === 'PLAIN_DICTIONARY';

// The runs of a page's values from `at` on, where its encoding has any.
function checkValues(page: Uint8Array, at: number, encoding: string, { type }: Decoder, values: number): void {
  if (isDictionary(encoding)) {
    const bits = page[at]!;
    if (!(bits <= 32)) throw new Error(`its numbers have ${bits} bits`);
    if (bits > 0) checkRuns(page, at + 1, bits, values);
  } else if (encoding === 'RLE' && type === 'BOOLEAN') {
    checkRuns(page, at + 4, 1, values);
  }
}

/** A data page as it is without compression, and whether no value is missing: then it has no levels. */
export interface CheckedPage {
  header: PageHeader;
  bytes: Uint8Array;
  isWhole: boolean;
}

/** Checks a page of a column that is no list and no structure. */
export function checkedPage(library: Library, header: PageHeader, bytes: Uint8Array, decoder: Decoder): CheckedPage {
  if (header.data_page_header_v2 !== undefined) return checkedSecond(library, header, bytes, decoder);
  const first = header.data_page_header;
  if (first === undefined) throw new Error('a page has no header of its own');
  const page = library.decompressPage(bytes, header.uncompressed_page_size, decoder.codec, decoder.compressors);
  let at = 0;
  let values = first.num_values;
  if (mayMiss(decoder)) {
    if (page.length < 4) throw new Error('a page ends within its levels');
    values = checkRuns(page, 4, 1, values);
    at = 4 + new DataView(page.buffer, page.byteOffset).getUint32(0, true);
  }
  checkValues(page, at, first.encoding, decoder, values);
  const isWhole = values === first.num_values;
  return plainPage(header, isWhole ? page.subarray(at) : page, isWhole);
}

const mayMiss = ({ element }: Decoder): boolean => element.repetition_type !== 'REQUIRED';

const plainPage = (header: PageHeader, bytes: Uint8Array, isWhole: boolean): CheckedPage => ({
  header: { ...header, compressed_page_size: bytes.length, uncompressed_page_size: bytes.length },
  bytes,
  isWhole,
});

// A page of the second version, whose levels are not compressed.
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
  const body = second.is_compressed !== false && size > 0 ? library.decompressPage(rest, size, decoder.codec, decoder.compressors) : rest;
  checkValues(body, 0, second.encoding, decoder, values);
  const isWhole = second.num_nulls === 0;
  const none = { definition_levels_byte_length: 0, repetition_levels_byte_length: 0 };
  const plain = { ...header, data_page_header_v2: { ...second, is_compressed: false, ...(isWhole && none) } };
  return plainPage(plain, isWhole ? body : Buffer.concat([bytes.subarray(0, levels), body]), isWhole);
}
