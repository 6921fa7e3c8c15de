// Reads the columns of a Parquet file page by page, synchronously, with one page of each column in memory.
import { isBigInt64Array } from '../brands';
import { describe, rangeError } from '../errors';
import { explained } from './csv-source';
import { checkedDictionary, checkedPage, checkHeader, type Decoder, lengthOfHeader } from './parquet-checks';
import { type Library, memoryOf } from './parquet-file';
import type { ParquetBytes, ParquetFile } from './parquet-open';
import type { Block } from './table-batches';

type Decoded = NonNullable<ReturnType<Library['readPage']>['data']>;

const blockRows = 4096;
const windowBytes = 2 ** 17; // the bytes read at once, unless a page is larger

// 64-bit integers as numbers, rounded as by Number, without a BigInt for each.
function asNumbers(values: Decoded): Decoded {
  if (!isBigInt64Array(values)) return values;
  const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  return Float64Array.from({ length: values.length }, (_, i) => halves[2 * i + 1]! * 2 ** 32 + (halves[2 * i]! >>> 0));
}

/** Reads the pages of one column in a row group. */
class PageCursor {
  /** The decoded values, and how many of them were taken. */
  private page: Decoded = [];
  private taken = 0;
  /** The number of decoded rows. */
  private rows = 0;
  private dictionary: Decoded | undefined;
  private memory = memoryOf(0);
  private window = this.memory;
  /** Where in the file the window begins, and where the next page begins. */
  private windowAt = 0;
  private at: number;
  private readonly end: number;
  private readonly uncompressed: number;
  private readonly whole: Decoder;

  constructor(
    private readonly file: ParquetBytes,
    private readonly library: Library,
    private readonly decoder: Decoder,
    chunk: { begin: number; bytes: number; uncompressed: number },
    private readonly groupRows: number,
  ) {
    this.at = chunk.begin;
    this.end = chunk.begin + chunk.bytes;
    this.uncompressed = chunk.uncompressed;
    // A page without missing values is read like one of a required column, as an array of numbers.
    const required = { ...decoder.element, repetition_type: 'REQUIRED' as const };
    const schemaPath = [...decoder.schemaPath.slice(0, -1), { ...decoder.schemaPath.at(-1)!, element: required }];
    this.whole = { ...decoder, element: required, schemaPath, codec: 'UNCOMPRESSED' };
  }

  /** How many values can be taken; 0 at the end of the column. */
  ready(): number {
    while (this.taken === this.page.length && this.rows < this.groupRows) this.decode();
    return this.page.length - this.taken;
  }

  /** Takes the next values. */
  take(count: number): Decoded {
    const from = this.taken;
    this.taken += count;
    if (from === 0 && count === this.page.length) return this.page;
    const { page } = this;
    return Array.isArray(page) ? page.slice(from, from + count) : page.subarray(from, from + count);
  }

  private decode(): void {
    const { library, decoder } = this;
    if (this.at >= this.end) throw new Error(`it ends after ${this.rows} of ${this.groupRows} rows`);
    const { header, length } = this.header();
    const size = header.compressed_page_size;
    const next = this.at + length + size;
    if (!(size >= 0 && next <= this.end)) throw new Error('a page ends beyond its column');
    const isDictionary = header.type === 'DICTIONARY_PAGE';
    checkHeader(header, this.groupRows - this.rows, this.uncompressed);
    const view = this.bytes(this.at + length, size);
    this.at = next;
    if (isDictionary) {
      const data = checkedDictionary(library, header, new Uint8Array(view.buffer, view.byteOffset, size), decoder);
      if (data) this.dictionary = asNumbers(library.convert(data, decoder));
    } else if (header.type === 'DATA_PAGE' || header.type === 'DATA_PAGE_V2') {
      const page = checkedPage(library, header, new Uint8Array(view.buffer, view.byteOffset, size), decoder);
      const reader = { view: new DataView(page.bytes.buffer as ArrayBuffer, page.bytes.byteOffset, page.bytes.length), offset: 0 };
      const how = page.isWhole ? this.whole : { ...decoder, codec: 'UNCOMPRESSED' as const };
      const { data = [] } = library.readPage(reader, page.header, how, this.dictionary, undefined, 0);
      this.page = asNumbers(data);
      this.taken = 0;
      this.rows += data.length;
      if (this.rows > this.groupRows) throw new Error(`it has more than ${this.groupRows} rows`);
    }
  }

  // The length of a header is not known beforehand: one that does not end within the window is read again with a larger one.
  private header() {
    for (let size = Math.min(windowBytes, this.end - this.at); ; size = Math.min(4 * size, this.end - this.at)) {
      const view = this.bytes(this.at, size);
      try {
        const length = lengthOfHeader(new Uint8Array(view.buffer, view.byteOffset, size));
        return { header: this.library.parquetHeader({ view, offset: 0 }), length };
      } catch (error) {
        if (size === this.end - this.at) throw error;
      }
    }
  }

  private bytes(at: number, size: number): DataView<ArrayBuffer> {
    if (at < this.windowAt || at + size > this.windowAt + this.window.length) {
      const wanted = Math.min(Math.max(size, windowBytes), this.end - at);
      // New memory each time if decoded values may still point into the old one.
      if (this.decoder.codec === 'UNCOMPRESSED' || this.memory.length < wanted) this.memory = memoryOf(wanted);
      this.window = this.memory.subarray(0, wanted);
      this.windowAt = at;
      const read = this.file.read(this.window, at);
      if (read < size) throw new Error('the file ends before it');
    }
    return new DataView(this.window.buffer, at - this.windowAt + this.window.byteOffset, size);
  }
}

/** Reads these columns of the file from its beginning. */
export function* parquetBlocks(source: ParquetFile, names: readonly string[]): Generator<Block, undefined> {
  const { where, label, metadata, library, size } = source;
  let file: ParquetBytes | null = null;
  try {
    const bytes = source.open();
    file = bytes;
    const tree = library.parquetSchema(metadata);
    for (const [g, group] of metadata.row_groups.entries()) {
      const rows = Number(group.num_rows);
      const cursors = names.map((name) => {
        const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === name)?.meta_data;
        if (chunk === undefined) throw rangeError(where, `${label}: row group ${g} has no column ${describe(name)}`);
        const schemaPath = library.getTreePath(tree, chunk.path_in_schema);
        const { element } = schemaPath.at(-1)!;
        const decoder = {
          pathInSchema: chunk.path_in_schema,
          element,
          schemaPath,
          type: chunk.type,
          codec: chunk.codec,
          compressors: library.compressors,
          parsers: library.DEFAULT_PARSERS,
        };
        const place = {
          begin: Number(chunk.dictionary_page_offset || chunk.data_page_offset),
          bytes: Number(chunk.total_compressed_size),
          uncompressed: Number(chunk.total_uncompressed_size),
        };
        if (!(place.begin >= 0 && place.bytes >= 0 && place.begin + place.bytes <= size && rows >= 0)) {
          throw rangeError(where, `${label}: column ${describe(name)} of row group ${g} is said to lie beyond the file`);
        }
        return new PageCursor(bytes, library, decoder, place, rows);
      });
      for (let done = 0; done < rows; ) {
        let count = Math.min(blockRows, rows - done);
        cursors.forEach((cursor, c) => {
          try {
            count = Math.min(count, cursor.ready());
          } catch (error) {
            throw rangeError(where, `${label}: column ${describe(names[c])} of row group ${g} cannot be read: ${(error as Error).message}`);
          }
        });
        yield { rows: count, columns: cursors.map((cursor) => cursor.take(count)) };
        done += count;
      }
    }
  } catch (error) {
    throw explained(where, source.path, error as NodeJS.ErrnoException);
  } finally {
    file?.close();
  }
}
