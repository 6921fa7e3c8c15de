// A linear layer and cross entropy in one: the memory that it asks for.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { manualSeed, nn, randn, type Tensor, tensor, zeros } from '../../src';

const asked = vi.hoisted((): number[] => []);
vi.mock('../../src/memory', async (original) => {
  const memory = await original<typeof import('../../src/memory')>();
  const counted =
    <T>(allocate: (n: number) => T) =>
    (n: number): T => {
      asked.push(4 * n);
      return allocate(n);
    };
  return { ...memory, allocateFloat: counted(memory.allocateFloat), allocateInt: counted(memory.allocateInt) };
});
beforeEach(() => {
  asked.length = 0;
});

const { linearCrossEntropy, crossEntropy, linear } = nn.functional;
const int = (values: number[]): Tensor => tensor(Int32Array.from(values));

describe('memory', () => {
  const n = 512;
  const [width, many, chunk] = [8, 2000, 64];
  const logits = 4 * chunk * many; // bytes of those of one chunk
  const parameters = 4 * many * width;

  test.each(['mean', 'none'] as const)('%s: the logits of a chunk, and the gradients', (reduction) => {
    manualSeed(1);
    const [a, w] = [randn([n, width], { requiresGrad: true }), randn([many, width], { requiresGrad: true })];
    const target = int(Array.from({ length: n }, (_, i) => i));
    const bytes = (f: () => Tensor): { most: number; sum: number } => {
      asked.length = 0;
      f().sum().backward();
      return { most: Math.max(...asked), sum: asked.reduce((sum, size) => sum + size, 0) };
    };
    const apart = bytes(() => crossEntropy(linear(a, w), target, { reduction }));
    const together = bytes(() => linearCrossEntropy(a, w, target, { reduction, chunk }));
    expect(apart.sum).toBeGreaterThan(2 * 4 * n * many);
    expect(together.most).toBe(logits);
    // for "none" the backward pass has a chunk of its own; beside it the gradients, and a few numbers for each row
    expect(together.sum).toBeLessThan((reduction === 'none' ? 2 : 1) * logits + 2 * parameters + 8 * 4 * n * width);
  });

  test('without gradients nothing but a chunk and the losses', () => {
    const [a, w] = [zeros([n, width]), zeros([many, width])];
    const target = int(Array.from({ length: n }, () => 1));
    asked.length = 0;
    linearCrossEntropy(a, w, target, { chunk, reduction: 'sum' });
    expect(asked.reduce((sum, size) => sum + size, 0)).toBe(logits + 4 * n + 4);
  });

  test('by default 256 rows, or as many as make 2^20 logits', () => {
    const most = (count: number, c: number): number => {
      asked.length = 0;
      linearCrossEntropy(zeros([count, 1]), zeros([c, 1]), int(Array.from({ length: count }, () => 0)), { reduction: 'sum' });
      return Math.max(...asked);
    };
    expect(most(600, 5000)).toBe(4 * 256 * 5000);
    expect(most(3000, 512)).toBe(4 * 2048 * 512);
    expect(most(10, 5000)).toBe(4 * 10 * 5000);
  });
});
