// The bilinear form of two tensors.
import { give, hasGradient, open, record } from '../autograd';
import * as calls from '../calls.generated';
import { rangeError } from '../errors';
import { layoutOf, numelOf, sameShape, shapeText } from '../shape';
import { checkTensor, empty, Tensor } from '../tensor';

function sizesOf(where: string, x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | null) {
  for (const [name, t] of Object.entries({ x1, x2, weight })) checkTensor(where, name, t, 'float32');
  if (weight.shape.length !== 3) throw rangeError(where, `expected weight [out, in1, in2], got ${shapeText(weight.shape)}`);
  const [out, in1, in2] = weight.shape as [number, number, number];
  const lead = x1.shape.slice(0, -1);
  if (x1.shape.at(-1) !== in1) throw rangeError(where, `expected x1 [*, ${in1}], got ${shapeText(x1.shape)}`);
  if (!sameShape(x2.shape, [...lead, in2])) throw rangeError(where, `expected x2 ${shapeText([...lead, in2])}, got ${shapeText(x2.shape)}`);
  if (bias !== null) {
    checkTensor(where, 'bias', bias, 'float32');
    if (!sameShape(bias.shape, [out])) throw rangeError(where, `expected bias [${out}], got ${shapeText(bias.shape)}`);
  }
  return { out, in1, in2, lead, rows: numelOf(lead) };
}

/**
 * `y_o = sum over i, j of x1_i W_oij x2_j + b_o` over the last dimensions: `torch.nn.functional.bilinear`.
 *
 * Shapes: x1 `[*, in1]`, x2 `[*, in2]`, weight `[out, in1, in2]`, bias `[out]` or null; the result is `[*, out]`. Each pass needs memory for rows * out * in1
 * numbers. It is not kept for the gradient, which calculates these numbers again.
 *
 * @example
 * nn.functional.bilinear(tensor([[1, 2]]), tensor([[3]]), tensor([[[10], [100]]])).toArray(); // [[630]]
 */
export function bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias?: Tensor | null): Tensor;
/** @internal */
export function bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | null, where: string): Tensor;
export function bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | null = null, where = 'bilinear'): Tensor {
  const { out, in1, in2, lead, rows } = sizesOf(where, x1, x2, weight, bias);
  const walk = (first: readonly number[], second: readonly number[]): Int32Array =>
    layoutOf(where, [rows, out, in1], { strides: first }, { strides: second });
  const whole = [out * in1, in1, 1];
  const overRows = [in1, 0, 1]; // of x1
  const overOut = [out, 1, 0]; // of y and its gradient
  // W x2: [rows, out, in1].
  const product = (): Float32Array => {
    const { floats } = empty([rows, out, in1]);
    calls.matmul({ c: floats, a: x2.floats, b: weight.floats, m: rows, n: out * in1, k: in2, transposeB: true });
    return floats;
  };

  const terms = product();
  calls.mul({ out: terms, a: terms, b: x1.floats, layout: walk(whole, overRows) });
  const y = empty([...lead, out]);
  calls.sum({ out: y.floats, x: terms, outer: rows * out, n: in1, inner: 1 });
  if (bias !== null) {
    const layout = layoutOf(where, [rows, out], { strides: [out, 1] }, { strides: [0, 1] });
    calls.add({ out: y.floats, a: y.floats, b: bias.floats, layout });
  }

  const [need1, need2, needW] = [x1.needsGrad, x2.needsGrad, weight.needsGrad];
  const read = [...(need2 || needW ? [x1] : []), ...(need1 || needW ? [x2] : []), ...(need1 || need2 ? [weight] : [])];
  return record(y, 'bilinear', bias === null ? [x1, x2, weight] : [x1, x2, weight, bias], read, (dy) => {
    if (bias?.needsGrad) {
      const db = empty([out]);
      calls.sum({ out: db.floats, x: dy.floats, outer: 1, n: rows, inner: out });
      give(bias, db);
    }
    if (x1.needsGrad) {
      const weighted = product();
      calls.mul({ out: weighted, a: weighted, b: dy.floats, layout: walk(whole, overOut) });
      const dx1 = empty([rows, in1]);
      calls.sum({ out: dx1.floats, x: weighted, outer: rows, n: out, inner: in1 });
      give(x1, new Tensor(dx1.values, x1.shape.slice()));
    }
    if (!x2.needsGrad && !weight.needsGrad) return;
    const outer = empty([rows, out, in1]).floats; // dy x1^T
    calls.mul({ out: outer, a: dy.floats, b: x1.floats, layout: walk(overOut, overRows) });
    if (x2.needsGrad) {
      const accumulate = hasGradient(x2);
      calls.matmul({ c: open(x2)!, a: outer, b: weight.floats, m: rows, n: in2, k: out * in1, accumulate });
    }
    if (weight.needsGrad) {
      const accumulate = hasGradient(weight);
      calls.matmul({ c: open(weight)!, a: outer, b: x2.floats, m: out * in1, n: in2, k: rows, transposeA: true, accumulate });
    }
  });
}
