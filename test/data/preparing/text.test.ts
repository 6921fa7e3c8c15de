// CountVectorizer and TfidfVectorizer beside scikit-learn's results, which golden_preparing.py has recorded.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as data from '../../../src/data';
import { Linear, SparseLinear } from '../../../src/nn';
import { ones, tensor } from '../../../src/ops';

type Csr = [indptr: number[], indices: number[], values: number[]];
interface Case {
  kind: 'CountVectorizer' | 'TfidfVectorizer';
  options: data.TfidfVectorizerOptions;
  input: string;
  /** Null where scikit-learn finds no terms. */
  terms: string[] | null;
  idf?: number[];
  transformed: Csr;
  other: Csr;
}
const golden: { texts: Record<string, string[]>; others: string[]; cases: Case[] } = JSON.parse(
  gunzipSync(readFileSync(join(__dirname, 'text.json.gz'))).toString(),
);

function expectRows(rows: data.CsrArray, [indptr, indices, values]: Csr): void {
  expect(Array.from(rows.indptr)).toEqual(indptr);
  expect(Array.from(rows.indices)).toEqual(indices);
  // A logarithm may differ in its last bit of 53, which reaches float32 where a value lies between two.
  values.forEach((value, i) => {
    expect(Math.abs(rows.data[i]! - Math.fround(value))).toBeLessThanOrEqual(Math.abs(value) * 2 ** -23);
  });
  expect(Array.from(rows.data).filter((value, i) => value !== Math.fround(values[i]!)).length).toBeLessThanOrEqual(values.length / 100);
}

describe.each(golden.cases)('$kind $options of $input', ({ kind, options, input, terms, idf, transformed, other }) => {
  const documents = golden.texts[input]!;
  const made = () => (kind === 'CountVectorizer' ? new data.CountVectorizer(options) : new data.TfidfVectorizer(options));
  if (terms === null) {
    it('finds no terms either', () => {
      expect(() => made().fit(documents)).toThrow(/no terms/);
    });
    return;
  }
  const vectorizer = made().fit(documents);
  it('learns and gives what scikit-learn does', () => {
    expect(vectorizer.getFeatureNamesOut()).toEqual(terms);
    expect([...vectorizer.vocabulary.keys()]).toEqual(terms);
    expectRows(vectorizer.transform(documents), transformed);
    expectRows(vectorizer.transform(golden.others), other);
    expectRows(made().fitTransform(documents), transformed);
    if (vectorizer instanceof data.TfidfVectorizer) {
      expect(vectorizer.idf.length).toBe(idf!.length);
      vectorizer.idf.forEach((value, i) => void expect(Math.abs(value - idf![i]!)).toBeLessThanOrEqual(idf![i]! * 2 ** -51));
    }
  });
  it('is the same again from its state', () => {
    const again = data.fromState(JSON.parse(JSON.stringify(data.toState(vectorizer))));
    expect(again.constructor).toBe(vectorizer.constructor);
    expect(again.getParams()).toEqual(vectorizer.getParams());
    expect(again.vocabulary).toEqual(vectorizer.vocabulary);
    expect(again.transform(golden.others)).toEqual(vectorizer.transform(golden.others));
  });
  it('undoes it up to the order', () => {
    const rows = vectorizer.transform(documents);
    const [indptr, indices] = transformed;
    const back = documents.map((_, i) => indices.slice(indptr[i], indptr[i + 1]).map((column) => terms[column]!));
    expect(vectorizer.inverseTransform(rows)).toEqual(back);
    expect(vectorizer.inverseTransform(rows.toDense())).toEqual(back);
  });
});

const texts = ['red fish', 'blue fish', 'one'];

describe('documents', () => {
  it('are a list, a column of a table, or rows of one', () => {
    const wanted = new data.CountVectorizer().fitTransform(texts);
    expect(new data.CountVectorizer().fitTransform({ text: texts })).toEqual(wanted);
    expect(new data.CountVectorizer().fitTransform(texts.map((text) => [text]))).toEqual(wanted);
  });
  it('may be empty, and may be none', () => {
    const counter = new data.CountVectorizer().fit(['', ...texts]);
    expect(counter.transform(['', 'x', 'one']).toArray()).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 1, 0],
    ]);
    expect(counter.transform([]).shape).toEqual([0, 4]);
    expect(new data.TfidfVectorizer().fit(texts).transform(['']).toArray()).toEqual([[0, 0, 0, 0]]);
    expect(() => counter.fit([])).toThrow('[CountVectorizer.fit] the documents have no terms');
    expect(() => new data.TfidfVectorizer().fit(['', ' '])).toThrow('[TfidfVectorizer.fit] the documents have no terms');
    expect(counter.getFeatureNamesOut()).toEqual(['blue', 'fish', 'one', 'red']);
  });
  // biome-ignore lint/suspicious/noSparseArray: a place that holds nothing
  const holes = ['a', , 'b'];
  it.each<[string, unknown, string]>([
    ['one text', 'red fish', 'expected a list of documents, got one'],
    ['null', ['a', null], 'expected documents to be strings, got null at position 1'],
    ['undefined', [undefined], 'expected documents to be strings, got undefined at position 0'],
    ['holes', holes, 'expected documents to be strings, got undefined at position 1'],
    ['numbers', [1, 2], 'expected documents to be strings, got 1 at position 0'],
    ['an array of numbers', Float32Array.of(1), 'expected documents to be strings, got numbers'],
    ['a tensor', ones([2, 1]), 'expected documents to be strings, got numbers'],
    ['bytes', [Buffer.from('a')], 'expected documents to be strings, got a Buffer at position 0'],
    ['two columns', [['a', 'b']], 'expected one column of documents, got 2'],
    ['a gap in a column', { text: ['a', null] }, 'expected documents to be strings, got null at position 1'],
    ['nothing', undefined, 'expected x to be a tensor, a table'],
    ['CSR rows', data.CsrArray.from(ones([1, 1])), 'x is a CsrArray'],
  ])('are not %s', (_, documents, message) => {
    for (const vectorizer of [new data.CountVectorizer(), new data.TfidfVectorizer()]) {
      expect(() => vectorizer.fit(documents as never)).toThrow(message);
      vectorizer.fit(texts);
      expect(() => vectorizer.transform(documents as never)).toThrow(message);
      expect(vectorizer.getFeatureNamesOut()).toEqual(['blue', 'fish', 'one', 'red']);
    }
  });
  it('have terms with the names of everything', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const counter = new data.CountVectorizer().fit([names.join(' ')]);
    expect(counter.getFeatureNamesOut()).toEqual(['__proto__', 'constructor', 'hasownproperty', 'tostring']);
    expect(counter.transform(['valueOf __proto__ __proto__']).toArray()).toEqual([[2, 0, 0, 0]]);
  });
});

describe('the options of vectorizers', () => {
  it.each<[data.TfidfVectorizerOptions, string]>([
    [{ lowercase: 1 as never }, 'expected lowercase to be true or false, got 1'],
    [{ stripAccents: 'all' as never }, 'expected stripAccents to be one of "ascii", "unicode", got "all"'],
    [{ stripAccents: '__proto__' as never }, 'expected stripAccents to be one of'],
    [{ analyzer: 'char_wb' as never }, 'expected analyzer to be one of "word", "char", "charWb", got "char_wb"'],
    [{ tokenPattern: /\w+/ as never }, 'expected tokenPattern to be a pattern as text, got a RegExp\n  hint: tokenPattern: pattern.source'],
    [{ tokenPattern: '(' }, 'expected tokenPattern to be a regular expression, got "("'],
    [{ tokenPattern: '[\\W]' }, '\\W inside [ ]'],
    [{ tokenPattern: '(a)(b)' }, 'expected one group in tokenPattern at most, got 2'],
    [{ ngramRange: 2 as never }, 'expected ngramRange to be [least, most], got 2'],
    [{ ngramRange: [0, 1] }, 'expected ngramRange to be at least 1, got 0'],
    [{ ngramRange: [2, 1] }, 'expected ngramRange to be in ascending order, got [2, 1]'],
    [{ ngramRange: [1, Number.NaN] }, 'expected ngramRange to be at least 1, got NaN'],
    [{ ngramRange: [1, Infinity] }, 'expected ngramRange to be an integer, got Infinity'],
    [{ stopWords: 'english' as never }, 'expected stopWords to be a list of words, got "english"'],
    [{ stopWords: ['a', 3 as never] }, 'expected stopWords to be strings, got 3 at position 1'],
    [{ maxDf: -1 }, 'expected maxDf to be at least 0, got -1'],
    [{ maxDf: 1.5 }, 'expected maxDf to be an integer, got 1.5'],
    [{ minDf: 2.5 }, 'expected minDf to be an integer, got 2.5'],
    [{ minDf: '1' as never }, 'expected minDf to be a number, got "1"'],
    [{ maxFeatures: 0 }, 'expected maxFeatures to be at least 1, got 0'],
    [{ vocabulary: [] }, 'expected vocabulary to have from 1 to 8388608 terms, got 0'],
    [{ vocabulary: ['a', 'a'] }, 'vocabulary has a term twice'],
    [{ vocabulary: [1 as never] }, 'expected the terms of vocabulary to be strings, got 1'],
    [{ vocabulary: { a: 0 } as never }, 'expected vocabulary to be a list, a Set or a Map of terms, got an Object'],
    [{ vocabulary: new Map([['a', 1]]) }, 'expected the number of "a" in vocabulary to be from 0 to 0, got 1'],
    [
      {
        vocabulary: new Map([
          ['a', 0],
          ['b', 0],
        ]),
      },
      'two terms of vocabulary have the number 0',
    ],
    [{ binary: null as never }, 'expected binary to be true or false, got null'],
    [{ norm: 'max' as never }, 'expected norm to be one of "l2", "l1", got "max"'],
    [{ useIdf: 0 as never }, 'expected useIdf to be true or false, got 0'],
    [{ ngram_range: [1, 2] } as never, 'unknown option "ngram_range", did you mean "ngramRange"?'],
  ])('refuse %o', (options, message) => {
    expect(() => new data.TfidfVectorizer(options)).toThrow(message);
  });
  it('take a vocabulary as a list, a Set and a Map', () => {
    const given = (vocabulary: data.CountVectorizerOptions['vocabulary']) => new data.CountVectorizer({ vocabulary });
    expect(given(['one', 'fish']).transform(texts).toArray()).toEqual([
      [0, 1],
      [0, 1],
      [1, 0],
    ]);
    expect(given(new Set(['one', 'fish'])).getFeatureNamesOut()).toEqual(['fish', 'one']);
    const map = new Map([
      ['fish', 1],
      ['one', 0],
    ]);
    expect(given(map).fit(['red']).getFeatureNamesOut()).toEqual(['one', 'fish']);
    expect(given(map).fixedVocabulary).toBe(true);
    expect(new data.CountVectorizer().fixedVocabulary).toBe(false);
  });
  it('leave nothing, and say so', () => {
    expect(() => new data.CountVectorizer({ minDf: 3 }).fit(texts)).toThrow(
      '[CountVectorizer.fit] no terms are left\n  hint: a lower minDf',
    );
    expect(() => new data.CountVectorizer({ minDf: 2, maxDf: 0.5 }).fit(texts)).toThrow(
      'maxDf 0.5 stands for fewer documents than minDf 2',
    );
  });
  it('keep the first of terms that occur equally often', () => {
    expect(new data.CountVectorizer({ maxFeatures: 2 }).fit(texts).getFeatureNamesOut()).toEqual(['blue', 'fish']);
  });
  it('with huge ranges of words end where the document does, and are refused where no memory would hold them', () => {
    const far: [number, number] = [1, Number.MAX_SAFE_INTEGER];
    expect(new data.CountVectorizer({ ngramRange: far }).fit(texts).getFeatureNamesOut()).toEqual([
      'blue',
      'blue fish',
      'fish',
      'one',
      'red',
      'red fish',
    ]);
    expect(new data.CountVectorizer({ analyzer: 'charWb', ngramRange: [3, far[1]] }).fit(['ab']).getFeatureNamesOut()).toEqual([
      ' ab',
      ' ab ',
      'ab ',
    ]);
    const long = 'ab '.repeat(50000);
    for (const analyzer of ['word', 'char', 'charWb'] as const) {
      const document = analyzer === 'charWb' ? 'a'.repeat(50000) : long;
      const counter = new data.CountVectorizer({ ngramRange: far, analyzer });
      expect(() => counter.fit(['x y', document])).toThrow(/the document at position 1 has more than .*\n {2}hint: a smaller ngramRange/);
    }
  });
});

describe('vectorizers', () => {
  it('refuse use before fit', () => {
    const notFitted = expect.objectContaining({ code: 'SIMDNN_NOT_FITTED' });
    for (const vectorizer of [new data.CountVectorizer(), new data.TfidfVectorizer()]) {
      expect(() => vectorizer.transform(texts)).toThrow(notFitted);
      expect(() => vectorizer.getFeatureNamesOut()).toThrow(notFitted);
      expect(() => vectorizer.inverseTransform(ones([1, 1]))).toThrow(notFitted);
    }
    expect(() => new data.TfidfVectorizer({ vocabulary: ['a'] }).transform(texts)).toThrow(notFitted);
    expect(() => new data.TfidfTransformer().transform(ones([1, 1]))).toThrow(notFitted);
  });
  it('stay as they were where a fit throws', () => {
    const vectorizer = new data.TfidfVectorizer({ smoothIdf: false, vocabulary: ['fish', 'bird'] });
    expect(() => vectorizer.fit(texts)).toThrow('no row has column 1: its idf is infinite\n  hint: smoothIdf: true');
    const learned = new data.TfidfVectorizer({ minDf: 2 }).fit(texts);
    const before = JSON.stringify(data.toState(learned));
    expect(() => learned.fit(['a', 'b'])).toThrow('no terms');
    expect(JSON.stringify(data.toState(learned))).toBe(before);
  });
  it('do not follow what is written into their vocabulary', () => {
    const counter = new data.CountVectorizer().fit(texts);
    (counter.vocabulary as Map<string, number>).set('fish', 1e9).set('bird', 0).set('red', -1);
    expect(counter.transform(['fish bird red one']).toArray()).toEqual([[0, 0, 1, 0]]);
  });
  it('refuse rows of other widths', () => {
    const counter = new data.CountVectorizer().fit(texts);
    expect(() => counter.inverseTransform(ones([1, 3]))).toThrow('expected x [*, 4], got [*, 3]');
    expect(() => new data.TfidfTransformer().fit(ones([2, 3])).transform(ones([2, 2]))).toThrow('expected x [*, 3], got [2, 2]');
  });
  it('refuse states that are none, and stay as they were', () => {
    const vectorizer = new data.TfidfVectorizer().fit(texts);
    const before = JSON.stringify(data.toState(vectorizer));
    const state = vectorizer.stateDict();
    for (const [change, message] of [
      [{ vocabulary: ['a', 'a', 'b', 'c'] }, 'vocabulary has a term twice'],
      [{ vocabulary: ['a', 1] }, 'expected vocabulary to be an array of strings, got 1'],
      [{ vocabulary: 'abcd' }, 'expected vocabulary to be an array, got "abcd"'],
      [{ vocabulary: [] }, 'vocabulary is empty'],
      [{ vocabulary: ['a'] }, 'expected idf to have 1 elements, got 4'],
      [{ idf: [1, 2, 3, null] }, 'expected idf to be finite numbers'],
      [{ idf: [1, 2, 3, 'x'] }, 'expected idf to be an array of finite numbers, got "x"'],
      [{ idf: undefined }, 'expected idf to be an array, got undefined'],
    ] as const) {
      expect(() => vectorizer.loadStateDict({ ...state, ...(change as object) })).toThrow(message);
    }
    expect(() => vectorizer.loadStateDict(3 as never)).toThrow('expected the object that stateDict() gives, got 3');
    expect(JSON.stringify(data.toState(vectorizer))).toBe(before);
    const saved = data.toState(vectorizer);
    expect(() => data.fromState({ ...saved, options: { tokenPattern: '(' } })).toThrow('expected tokenPattern to be a regular expression');
    expect(() => data.fromState({ ...saved, options: { vocabulary: ['other'] } })).toThrow('another than the one that was given');
    expect(data.fromState(data.toState(new data.TfidfVectorizer())).vocabulary.size).toBe(0);
  });
});

describe('TfidfTransformer', () => {
  it('takes tensors, and CSR rows of a CountVectorizer in a pipeline', () => {
    const pipeline = new data.Pipeline([
      ['count', new data.CountVectorizer()],
      ['weigh', new data.TfidfTransformer()],
    ]);
    const wanted = new data.TfidfVectorizer().fitTransform(texts);
    expect(pipeline.fitTransform(texts)).toEqual(wanted);
    expect(new data.TfidfTransformer().fitTransform(new data.CountVectorizer().fitTransform(texts).toDense())).toEqual(wanted);
    expect(pipeline.getFeatureNamesOut()).toEqual(['blue', 'fish', 'one', 'red']);
    const again = data.fromState(JSON.parse(JSON.stringify(data.toState(pipeline))));
    expect(again.transform(texts)).toEqual(wanted);
  });
  it('refuses what has no weight', () => {
    expect(() => new data.TfidfTransformer().fit(tensor([[Number.NaN]]))).toThrow('x has a value that is no finite number: NaN');
    expect(() => new data.TfidfTransformer().fit(ones([0, 2]))).toThrow('x has no rows');
    expect(() => new data.TfidfTransformer().fit(['a'])).toThrow('column 0 holds strings');
    const sublinear = new data.TfidfTransformer({ sublinearTf: true }).fit(ones([1, 1]));
    expect(() => sublinear.transform(tensor([[-1]]))).toThrow('sublinearTf takes counts above 0, got -1');
    const transformer = new data.TfidfTransformer().fit(ones([2, 2]));
    expect(() => transformer.loadStateDict({ ...transformer.stateDict(), nFeaturesIn: 3 })).toThrow(
      'expected idf to have 3 elements, got 2',
    );
    expect(transformer.getFeatureNamesOut()).toEqual(['x0', 'x1']);
  });
});

describe('CSR rows of text', () => {
  it('go into a SparseLinear, which is a Linear of the dense ones', () => {
    const rows = new data.TfidfVectorizer().fitTransform([...texts, '']);
    const layer = new SparseLinear(4, 3);
    const dense = new Linear(4, 3);
    dense.weight.data.set(layer.weight.t().data);
    dense.bias!.data.set(layer.bias!.data);
    const wanted = dense.forward(rows.toDense()).data;
    const { columns, offsets, values } = rows.tensors();
    const padded = rows.padded();
    for (const y of [layer.forward(columns, { offsets, values }), layer.forward(padded.columns, { values: padded.values })]) {
      y.data.forEach((value, i) => void expect(value).toBeCloseTo(wanted[i]!, 6));
    }
  });
});

describe('CountVectorizer of random texts', () => {
  // Small integers in an order that looks random.
  const random = (seed: number) => () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  it.each(Array.from({ length: 30 }, (_, seed) => seed))('counts as plain loops do, seed %i', (seed) => {
    const next = random(seed + 1);
    const below = (n: number) => Math.floor(next() * n);
    const alphabet = ['aa', 'bb', 'Cc', 'é1', '日本', 'x_', '\u{1d49c}\u{1d49e}', 'x', '-'];
    const documents = Array.from({ length: 1 + below(12) }, () =>
      Array.from({ length: below(9) }, () => alphabet[below(alphabet.length)]!).join(' '),
    );
    const low = 1 + below(2);
    const ngramRange: [number, number] = [low, low + below(3)];
    const [minDf, maxDf] = [1 + below(2), 0.5 + next() / 2];
    // The model: words by hand, since a word of the alphabet is either a token or none.
    const bags = documents.map((document) => {
      const words = document
        .split(' ')
        .filter((word) => !['x', '-', ''].includes(word))
        .map((word) => word.toLowerCase());
      const terms: string[] = [];
      for (let n = ngramRange[0]; n <= ngramRange[1]; n++)
        for (let i = 0; i + n <= words.length; i++) terms.push(words.slice(i, i + n).join(' '));
      return terms;
    });
    const all = [...new Set(bags.flat())].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))); // UTF-8 sorts by code points
    const often = (term: string) => bags.filter((bag) => bag.includes(term)).length;
    const kept = all.filter((term) => often(term) >= minDf && often(term) <= maxDf * documents.length);
    const counter = new data.CountVectorizer({ ngramRange, minDf, maxDf });
    if (kept.length === 0 || maxDf * documents.length < minDf) {
      expect(() => counter.fit(documents)).toThrow(RangeError);
      return;
    }
    const rows = counter.fitTransform(documents);
    expect(counter.getFeatureNamesOut()).toEqual(kept);
    expect(rows.toArray()).toEqual(bags.map((bag) => kept.map((term) => bag.filter((other) => other === term).length)));
    expect(counter.transform(documents)).toEqual(rows);
  });
});
