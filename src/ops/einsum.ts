// Einstein summation: sums of products, specified by letters for dimensions.
import { describe, rangeError, typeError } from '../errors';
import { numelOf, shapeText } from '../shape';
import { checkTensor, constant, type Tensor } from '../tensor';
import './arithmetic';
import './convert';
import './matmul';
import './reduce';
import './select';
import './transpose';
import './views';

/** A tensor whose dimensions have names. */
interface Named {
  x: Tensor;
  names: string[];
}

const where = 'einsum';

// The dimensions of `...` are called ".0", ".1", ... from the last on, so that they are broadcast from there.
const dotted = (count: number): string[] => Array.from({ length: count }, (_, i) => `.${count - 1 - i}`);

// The names that a term such as `b...ij` gives to `rank` dimensions.
function namesOf(term: string, rank: number): string[] {
  const [before, after] = term.split('...') as [string, string | undefined];
  return after === undefined ? [...before] : [...before, ...dotted(Math.max(0, rank - before.length - after.length)), ...after];
}

// Parses `ij,jk->ik` to the letters of each operand and of the result; without an arrow the result has those of `...`, and then the letters that occur once, in
// alphabetical order.
function parse(equation: unknown, tensors: readonly Tensor[]): { inputs: string[][]; output: string[] } {
  if (typeof equation !== 'string') throw typeError(where, `expected the equation to be a string, got ${describe(equation)}`);
  const text = equation.replace(/\s/g, '');
  if (!/^(?:[a-zA-Z]*(?:\.{3}[a-zA-Z]*)?(?:,|->|$))+$/.test(text) || text.split('->').length > 2 || text.split('->')[1]?.includes(','))
    throw rangeError(where, `"${equation}" is no equation`, 'einsum("ij,jk->ik", a, b)');
  const [left, right] = text.split('->') as [string, string | undefined];
  const terms = left.split(',');
  if (terms.length !== tensors.length) throw rangeError(where, `"${equation}" names ${terms.length} tensors, ${tensors.length} are given`);
  const inputs = terms.map((term, i) => namesOf(term, tensors[i]!.shape.length));
  const all = inputs.flat();
  const dots = dotted(new Set(all.filter((name) => name.length > 1)).size);
  const once = [...new Set(all)].filter((name) => name.length === 1 && all.indexOf(name) === all.lastIndexOf(name)).sort();
  const output = right === undefined ? [...dots, ...once] : right.split(/(\.{3})/).flatMap((part) => (part === '...' ? dots : [...part]));
  if (new Set(output).size !== output.length) throw rangeError(where, `a dimension stands twice in the result of "${equation}"`);
  const unknown = output.find((name) => !all.includes(name));
  if (unknown !== undefined) throw rangeError(where, `"${unknown}" of the result stands in no operand of "${equation}"`);
  return { inputs, output };
}

// Leaves out the dimensions of size 1 that another tensor has larger: the others are multiplied by their only element.
function withoutOnes({ x, names }: Named, sizes: ReadonlyMap<string, number>): Named {
  const broad = (name: string, d: number): boolean => x.shape[d] === 1 && sizes.get(name) !== 1;
  if (!names.some(broad)) return { x, names };
  return { x: x.reshape(x.shape.filter((_, d) => !broad(names[d]!, d))), names: names.filter((name, d) => !broad(name, d)) };
}

// Takes the diagonal where a letter occurs twice: the elements whose two indices are equal.
function withoutRepeats({ x, names }: Named): Named {
  const first = names.findIndex((name, i) => names.indexOf(name, i + 1) >= 0);
  if (first < 0) return { x, names };
  const second = names.indexOf(names[first]!, first + 1);
  const n = x.shape[first]!;
  const rest = names.map((_, d) => d).filter((d) => d !== first && d !== second);
  const flat = x.permute([first, second, ...rest]).reshape([n * n, ...rest.map((d) => x.shape[d]!)]);
  const diagonal = constant([n], 'int32');
  for (let i = 0; i < n; i++) diagonal.values[i] = i * (n + 1);
  return withoutRepeats({ x: flat.indexSelect(0, diagonal), names: [names[first]!, ...rest.map((d) => names[d]!)] });
}

// Sums over the dimensions whose letters occur nowhere else.
function reduced({ x, names }: Named, needed: readonly string[]): Named {
  const alone = names.flatMap((name, d) => (needed.includes(name) ? [] : [d]));
  return alone.length === 0 ? { x, names } : { x: x.sum(alone), names: names.filter((name) => needed.includes(name)) };
}

// x with its dimensions permuted to the order of `order`, which has all of its letters.
const ordered = ({ x, names }: Named, order: readonly string[]): Tensor =>
  order.every((name, d) => names[d] === name) ? x : x.permute(order.map((name) => names.indexOf(name)));

// Contracts two operands to one by a batched matrix product: letters of both that are still needed are batch dimensions, the others of both are summed over.
function contract(a: Named, b: Named, needed: readonly string[]): Named {
  const left = reduced(a, [...needed, ...b.names]);
  const right = reduced(b, [...needed, ...a.names]);
  const shared = left.names.filter((name) => right.names.includes(name));
  const batch = shared.filter((name) => needed.includes(name));
  const summed = shared.filter((name) => !needed.includes(name));
  const rows = left.names.filter((name) => !shared.includes(name));
  const columns = right.names.filter((name) => !shared.includes(name));
  const size = (names: readonly string[], of: Named): number[] => names.map((name) => of.x.shape[of.names.indexOf(name)]!);
  const lead = size(batch, left);
  const [m, k, n] = [numelOf(size(rows, left)), numelOf(size(summed, left)), numelOf(size(columns, right))];
  const x = ordered(left, [...batch, ...rows, ...summed]).reshape([numelOf(lead), m, k]);
  const y = ordered(right, [...batch, ...summed, ...columns]).reshape([numelOf(lead), k, n]);
  return { x: x.matmul(y).reshape([...lead, ...size(rows, left), ...size(columns, right)]), names: [...batch, ...rows, ...columns] };
}

/**
 * The sum of products that an equation like `"ij,jk->ik"` specifies: a letter for each dimension of each tensor, and behind `->` the letters of the result; letters
 * missing there are summed over. Without `->` the result has the letters that occur once, in alphabetical order. As `torch.einsum`.
 *
 * A letter that occurs twice in one tensor takes its diagonal, and `...` stands for all dimensions without letters. Sizes of 1 are broadcast. float32. Tensors
 * are multiplied from left to right. A RangeError for sizes that differ.
 *
 * @example
 * einsum('ij,j->i', tensor([[1, 2], [3, 4]]), tensor([1, 1])).toArray(); // [3, 7]
 * einsum('...ij->...ji', zeros([5, 2, 3])).shape; // [5, 3, 2]
 */
export function einsum(equation: string, ...tensors: Tensor[]): Tensor {
  if (tensors.length === 0) throw rangeError(where, 'expected at least one tensor, got none');
  tensors.forEach((t, i) => void checkTensor(where, `tensors[${i}]`, t, 'float32'));
  const { inputs, output } = parse(equation, tensors);
  const sizes = new Map<string, number>();
  inputs.forEach((names, i) => {
    const { shape } = tensors[i]!;
    if (names.length !== shape.length)
      throw rangeError(where, `"${names.join('')}" names ${names.length} dimensions, tensor ${i} is ${shapeText(shape)}`);
    names.forEach((name, d) => {
      const [size, before] = [shape[d]!, sizes.get(name) ?? 1];
      const twice = shape[names.indexOf(name)] !== size; // within a tensor nothing is broadcast
      if (twice || (size !== before && size !== 1 && before !== 1)) throw rangeError(where, `"${name}" is ${before} and ${size}`);
      sizes.set(name, before === 1 ? size : before);
    });
  });
  const operands = inputs.map((names, i) => withoutRepeats(withoutOnes({ x: tensors[i]!, names }, sizes)));
  let result = operands[0]!;
  for (let i = 1; i < operands.length; i++) {
    const later = operands.slice(i + 1).flatMap(({ names }) => names);
    result = contract(result, operands[i]!, [...output, ...later]);
  }
  result = reduced(result, output);
  const y = ordered(result, output);
  return tensors.length === 1 && y === tensors[0] ? y.clone() : y;
}
