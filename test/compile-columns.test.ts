// Small layers that hand on columns of the batch: which do, and that it all has the bits of eager.
import { describe, expect, it } from 'vitest';
import { compile, manualSeed, nn, noGrad, optim, randn, type Tensor, tensor } from '../src/index';

const f = nn.functional;

/** A network: its layers, what it calculates, and how many of its layers hand on or take gradients as columns. */
interface Case {
  sizes: [number, number][];
  forward: (layers: nn.Linear[], x: Tensor) => Tensor;
  columns: number;
  rows?: number;
  prepare?: (layers: nn.Linear[]) => void;
}

const chain =
  (activation: (x: Tensor) => Tensor) =>
  (layers: nn.Linear[], x: Tensor): Tensor =>
    layers.reduce((h, layer, i) => layer.forward(i === 0 ? h : activation(h)), x);

const lecture: [number, number][] = [
  [13, 30],
  [30, 25],
  [25, 20],
  [20, 15],
  [15, 10],
  [10, 5],
];
const three: [number, number][] = [
  [13, 20],
  [20, 20],
  [20, 5],
];

const cases: Record<string, Case> = {
  'layers alone': { sizes: lecture, forward: chain((x) => x), columns: 6 },
  relu: { sizes: lecture, forward: chain(f.relu), columns: 6 },
  tanh: { sizes: lecture, forward: chain(f.tanh), columns: 6 },
  sigmoid: { sizes: lecture, forward: chain(f.sigmoid), columns: 6 },
  'a batch that fills no vector': { sizes: lecture, forward: chain(f.relu), columns: 6, rows: 19 },
  'a derivative that needs more than the value': { sizes: lecture, forward: chain(f.gelu), columns: 0 },
  'too few rows': { sizes: lecture, forward: chain(f.relu), columns: 0, rows: 15 },
  'too many rows': { sizes: lecture, forward: chain(f.relu), columns: 0, rows: 65 },
  'full vectors': {
    sizes: [
      [13, 32],
      [32, 16],
      [16, 5],
    ],
    forward: chain(f.relu),
    columns: 0,
  },
  'the softmax in front of the loss': { sizes: three, forward: (layers, x) => chain(f.relu)(layers, x).softmax(1), columns: 3 },
  'a hidden result that is used twice': {
    sizes: three,
    forward: ([a, b, c], x) => {
      const h = f.relu(a!.forward(x));
      return c!.forward(f.relu(b!.forward(h)).add(h));
    },
    columns: 0,
  },
  'a gradient that two add to': {
    sizes: three,
    forward: ([a, b, c], x) => {
      const h = f.tanh(a!.forward(x));
      return c!.forward(h).add(c!.forward(f.tanh(b!.forward(h))));
    },
    columns: 2,
  },
  'a layer that is used twice': { sizes: three, forward: ([a, b, c], x) => chain(f.relu)([a!, b!, b!, c!], x), columns: 4 },
  'a first layer that learns nothing': {
    sizes: three,
    forward: chain(f.relu),
    columns: 2,
    prepare: ([a]) => void a!.requiresGrad_(false),
  },
  'a bias that learns nothing': {
    sizes: three,
    forward: chain(f.relu),
    columns: 3,
    prepare: ([, b]) => void b!.bias!.requiresGrad_(false),
  },
};

describe.each(Object.entries(cases))('%s', (_, { sizes, forward, columns, rows = 32, prepare }) => {
  const run = (compiled: boolean) => {
    manualSeed(3);
    const layers = sizes.map(([in_, out]) => new nn.Linear(in_, out));
    prepare?.(layers);
    const optimizer = new optim.Adam(layers.flatMap((layer) => [...layer.parameters()]));
    const criterion = new nn.CrossEntropyLoss();
    const plain = (x: Tensor, y: Tensor): Tensor => {
      optimizer.zeroGrad();
      const loss = criterion.forward(forward(layers, x), y);
      loss.backward();
      optimizer.step();
      return loss;
    };
    const step = compiled ? compile(plain) : plain;
    const y = tensor(
      Array.from({ length: rows }, (_, i) => (3 * i) % 5),
      { dtype: 'int32' },
    );
    const losses = Array.from({ length: 5 }, () => step(randn([rows, 13]), y).item());
    const values = layers.flatMap((layer) => [...layer.parameters()].map((p) => [...p.data]));
    return { losses, values, plan: String(step) };
  };

  it('compiled has the bits of eager', () => {
    const { losses, values, plan } = run(true);
    const eager = run(false);
    expect(losses).toEqual(eager.losses);
    expect(values).toEqual(eager.values);
    expect(plan.match(/linearBackwardColumns/g) ?? []).toHaveLength(columns);
  });
});

// A part of a result is another array on the same memory.
describe.each([3, 32])('of %i rows, a part of what lies between two layers', (rows) => {
  const [first, second] = [new nn.Linear(4, 4), new nn.Linear(4, 4)];
  const uses: Record<string, (x: Tensor) => Tensor> = {
    'read behind the activation': (x) => {
      const h = first.forward(x);
      return f
        .relu(h)
        .sum()
        .add(h.narrow(0, 0, 2).sum());
    },
    'read behind the next layer': (x) => {
      const h = first.forward(x);
      return second
        .forward(h)
        .sum()
        .add(h.narrow(0, 0, 2).sum());
    },
    'read in another shape by the next layer': (x) => {
      const h = first.forward(x);
      return f.linear(
        h.reshape([rows * 2, 2]),
        tensor([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
      );
    },
    "the next layer's weight": (x) => {
      const h = first.forward(x);
      return f.linear(h, h.narrow(0, 0, 2));
    },
    "the next layer's bias": (x) => {
      const h = first.forward(x);
      return f.linear(h, second.weight, h.narrow(0, 2, 1).reshape([4]));
    },
    'written before the next layer': (x) => {
      const h = first.forward(x);
      nn.init.zeros_(h.narrow(0, 0, 2));
      return second.forward(h);
    },
    'written as another shape': (x) => {
      const h = first.forward(x);
      nn.init.zeros_(h.reshape([4, rows]).narrow(0, 0, 2));
      return second.forward(h);
    },
  };
  it.each(Object.entries(uses))('is seen: %s', (_, use) => {
    const step = compile((x: Tensor) => noGrad(() => use(x)));
    step(randn([rows, 4]));
    const x = randn([rows, 4]);
    expect(step(x).toArray()).toEqual(noGrad(() => use(x)).toArray());
  });
});

// What is only calculated, without gradients, hands on columns in longer batches too.
describe('inference', () => {
  const inferences: [name: string, sizes: [number, number][], rows: number, columns: number][] = [
    ['a batch', lecture, 32, 6],
    ['a long batch', lecture, 256, 6],
    ['a long batch that fills no vector', lecture, 301, 6],
    ['a batch that is too long', lecture, 513, 0],
    ['a narrow layer alone in a long batch', [[13, 5]], 256, 0],
    [
      'a wide layer among narrow ones in a long batch',
      [
        [13, 30],
        [30, 20],
        [20, 70],
        [70, 5],
      ],
      256,
      2,
    ],
    [
      'full vectors in a long batch',
      [
        [13, 32],
        [32, 16],
        [16, 5],
      ],
      256,
      0,
    ],
  ];
  it.each(inferences)('of %s has the bits of eager', (_, sizes, rows, columns) => {
    manualSeed(4);
    const layers = sizes.map(([in_, out]) => new nn.Linear(in_, out));
    const forward = (x: Tensor): Tensor => noGrad(() => chain(f.relu)(layers, x));
    const compiled = compile(forward);
    for (let i = 0; i < 3; i++) {
      const x = randn([rows, 13]);
      expect(compiled(x).data).toEqual(forward(x).data);
    }
    expect(String(compiled).match(/linearForwardColumns/g) ?? []).toHaveLength(columns);
  });

  it('a training step of as many rows stays with rows', () => {
    const layers = lecture.map(([in_, out]) => new nn.Linear(in_, out));
    const step = compile((x: Tensor) => void chain(f.relu)(layers, x).sum().backward());
    step(randn([256, 13]));
    expect(String(step)).not.toMatch(/Columns/);
  });
});
