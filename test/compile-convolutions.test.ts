// A convolution, the bias that is added to it and the activation that follows are one kernel in a recording.
import { describe, expect, it } from 'vitest';
import type { KernelTable } from '../src/kernels.generated';
import { type Argument, Base, type Role, type TracedCall, whole } from '../src/recording/calls';
import { fuse } from '../src/recording/fusion';
import { layoutOf } from '../src/shape';

const memory = (n: number, role: Role = 'temporary'): Argument => whole(new Base(new Float32Array(n), role));
const call = (kernel: keyof KernelTable, args: Record<string, Argument>): TracedCall => ({ kernel, args, from: [0] });

// Two images of 5 x 5 with 3 channels, and the 3 x 3 outputs of 6 channels.
const windows = { batch: 2, height: 5, width: 5, channels: 3, filterHeight: 3, filterWidth: 3, outHeight: 3, outWidth: 3 };
const [rows, out] = [18, 6];

function program(kernel: 'conv2dForward' | 'depthwiseConv2dForward', bias: number, row = out) {
  const sizes = kernel === 'conv2dForward' ? { ...windows, outChannels: out } : { ...windows, multiplier: out / 3 };
  const [product, sum, y] = [memory(rows * out), memory(rows * out), memory(rows * out, 'result')];
  const layer = {
    y: product,
    x: memory(150, 'argument'),
    filter: memory(162, 'parameter'),
    bias: null,
    ...sizes,
    activation: 'none',
    a: 0,
    b: 0,
  };
  const layout = layoutOf('test', [(rows * out) / row, row], { strides: [row, 1] }, { strides: [0, 1] });
  return {
    y,
    product,
    calls: [
      call(kernel, layer),
      call('add', { out: sum, a: product, b: memory(bias, 'parameter'), layout }),
      call('reluForward', { y, x: sum, n: rows * out }),
    ],
  };
}

describe.each(['conv2dForward', 'depthwiseConv2dForward'] as const)('%s', (kernel) => {
  it('takes its bias and its activation', () => {
    const { calls, y } = program(kernel, out);
    const fused = fuse(calls);
    expect(fused.map((one) => one.kernel)).toEqual([kernel]);
    expect(fused[0]!.args).toMatchObject({ activation: 'relu', y });
    expect(fused[0]!.args.bias).toBe(calls[1]!.args.b);
  });

  it('does not take a row of another length', () => {
    expect(fuse(program(kernel, 2 * out, 2 * out).calls).map((one) => one.kernel)).toEqual([kernel, 'add', 'reluForward']);
  });

  it('keeps a result that is read again', () => {
    const { calls, product } = program(kernel, out);
    const again = call('reluForward', { y: memory(rows * out, 'result'), x: product, n: rows * out });
    expect(fuse([...calls, again]).map((one) => one.kernel)).toEqual([kernel, 'add', 'reluForward', 'reluForward']);
  });
});
