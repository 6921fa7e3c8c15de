// embedding.cc: bags of rows of a table. Bag b has the elements offsets[b] to offsets[b + 1] of index, the last one those to the end.
import { flag, inout, integer, kernel, out, read } from './describe.mjs';

const int = { type: 'int32' };
const table = (role, name) => role(name, 'rows * columns');
const bagged = (role, name) => role(name, 'bags * columns');
const index = read('index', 'count', int);
const offsets = read('offsets', 'bags', int);
const factors = read('factors', 'count', { optional: true });
const sizes = ['bags', 'count', 'rows', 'columns'];
const attributes = [
  integer('padding_index', -1, { doc: 'Elements of this index count for nothing (-1: none).' }),
  flag('mean', { doc: 'Whether a bag is the mean of its elements instead of their sum (false).' }),
];
const options = (name) => [`${name}Options`, `The options of \`${name[0].toLowerCase()}${name.slice(1)}\`.`, 'padding_index', 'mean'];
const derived = { bags: 'offsets.length', count: 'index.length' };

export const embedding = [
  kernel('embedding_bag_forward', {
    operands: [bagged(out, 'out'), table(read, 'weight'), index, offsets, factors],
    sizes,
    attributes,
    derived,
    options: options('EmbeddingBagForward'),
    doc: `\`out[b, :]\` is the sum over the elements i of bag b of \`factors[i] weight[index[i], :]\`: rows of a table, or of a matrix times a sparse one in CSR form, whose
columns are \`index\`, values \`factors\` and row starts \`offsets\`.

Shapes: out \`[bags, columns]\`, weight \`[rows, columns]\`, index and factors (or null for ones) \`[count]\`, offsets \`[bags]\`, ascending from 0. A RangeError for an index
outside \`[0, rows)\` and for offsets that descend or leave index.`,
    example: `const out = new Float32Array(2);
embeddingBagForward(out, Float32Array.of(1, 10, 100), Int32Array.of(0, 2, 1), Int32Array.of(0, 2), null, 3, 1);
out; // [101, 10]`,
  }),
  kernel('embedding_bag_backward', {
    operands: [table(inout, 'dweight'), bagged(read, 'dy'), index, offsets, factors],
    sizes,
    attributes: [...attributes, flag('overwrite', { doc: 'The gradient is written, whatever dweight holds (false).' })],
    derived,
    options: [...options('EmbeddingBagBackward'), 'overwrite'],
    doc: `The gradient of \`embeddingBagForward\` by its table, added to what \`dweight\` holds: \`dweight[index[i], :] += factors[i] dy[b, :]\` for every element i of bag b, in their
order; with \`overwrite\` it is written whole, zeros in the rows that no element names. Shapes as there.`,
    example: `const dweight = new Float32Array(3);
embeddingBagBackward(dweight, Float32Array.of(1, 5), Int32Array.of(0, 2, 1), Int32Array.of(0, 2), null, 3, 1);
dweight; // [1, 5, 1]`,
  }),
  kernel('embedding_bag_factors_backward', {
    operands: [out('dfactors', 'count'), bagged(read, 'dy'), table(read, 'weight'), index, offsets],
    sizes,
    attributes: [attributes[0]],
    derived,
    options: ['EmbeddingBagFactorsBackwardOptions', 'The options of `embeddingBagFactorsBackward`.', 'padding_index'],
    doc: `The gradient of \`embeddingBagForward\` by the factors of its sums: \`dfactors[i] = dy[b, :] weight[index[i], :]\` for every element i of bag b. Shapes as there.`,
    example: `const dfactors = new Float32Array(3);
embeddingBagFactorsBackward(dfactors, Float32Array.of(1, 5), Float32Array.of(1, 10, 100), Int32Array.of(0, 2, 1), Int32Array.of(0, 2), 3, 1);
dfactors; // [1, 100, 50]`,
  }),
  kernel('embedding_bag_rows_backward', {
    operands: [table(inout, 'dweight'), inout('touched', '2 * rows + 1', int), bagged(read, 'dy'), index, offsets, factors],
    sizes,
    attributes: [...attributes, flag('accumulate', { doc: 'Rows of the set keep what they hold (false).' })],
    derived,
    options: [...options('EmbeddingBagRowsBackward'), 'accumulate'],
    doc: `\`embeddingBagBackward\` that touches few rows: \`touched\` is the set of those rows of \`dweight\` that hold anything but zeros. First these rows become zeros
again and leave the set, unless with \`accumulate\`; then the gradient is added, and the rows of index join the set. The time does not depend on \`rows\`.

touched is int32 \`[2 rows + 1]\`: the number of rows in the set, or -1 for all; these rows; and for each row of the table its place among them, which is whatever it was
where the row is not in the set. All zeros is the empty set. Other shapes as there.`,
    example: `const [dweight, touched] = [Float32Array.of(0, 9, 0), Int32Array.of(-1, 0, 0, 0, 0, 0, 0)];
embeddingBagRowsBackward(dweight, touched, Float32Array.of(5), Int32Array.of(2), Int32Array.of(0), null, 3, 1);
dweight; // [0, 0, 5]
touched.slice(0, 2); // [1, 2]`,
  }),
];
