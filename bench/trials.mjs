// The trials. `expected` has the values that every driver must reach for its time to count: the losses of the first
// five steps; for inference and single operations the loss and elements of the result. They were computed in float64 from the data of data.mjs.

const student = [13, 30, 25, 20, 15, 10, 5];

// A summary of the output for the first batch (`digest` in data.mjs), by the number of rows.
const EXPECTED_STUDENT = {
  1: [0.1389669, -0.141194, -0.2577544, 0.0891448, -0.1361669],
  32: [0.140271, -0.122845, -0.2649187, 0.09424227, -0.1380321],
  256: [0.140417, -0.1259248, -0.2735596, 0.1051219, -0.1388534],
};
const EXPECTED_MLP = {
  1: [0.1044086, -0.06915122, 0.02930444, 0.06805179, -0.2493637],
  32: [0.06020878, -0.07863791, 0.007491733, -0.09062047, -0.1127118],
  256: [0.06247138, -0.03820063, 0.05479135, -0.09062047, -0.1826268],
};

/** Adam as in every trial, with PyTorch's defaults. */
export const adam = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8 };

/** A network's output for batches of 1, 32 and 256 rows: three trials of the group `inference`. */
function inference(network, layers, batches, expected) {
  return Object.entries(expected).map(([batch, values]) => ({
    name: `inference-${network}-${batch}`,
    group: 'inference',
    kind: 'infer',
    layers,
    activation: 'relu',
    batch: Number(batch),
    batches,
    expected: values,
  }));
}

/** Trainings on real data from the first step to the last. prepared.mjs makes or reads `data`, and computes the expected values. */
const trainings = [
  { name: 'lecture-linear', group: 'lecture', data: 'students', layers: student },
  { name: 'lecture-relu', group: 'lecture', data: 'students', layers: student, activation: 'relu' },
  { name: 'lecture-softmax', group: 'lecture', data: 'students', layers: student, softmax: true },
  { name: 'digits', data: 'digits', layers: [64, 128, 10], activation: 'relu' },
].map((trial) => ({ ...trial, kind: 'training', batch: 32, epochs: 400 }));

/** Steps of other shapes: small, a single row, many classes, wider than the caches. */
const shapes = [
  { layers: [40, 96, 48, 3], activation: 'tanh', batch: 64, batches: 64, expected: [1.106626, 1.106363, 1.100013, 1.111331, 1.07979] },
  { layers: [300, 100, 10], activation: 'relu', batch: 1, batches: 512, expected: [2.545135, 2.70491, 2.22181, 2.284398, 2.241575] },
  { layers: [7, 11, 3], activation: 'relu', batch: 5, batches: 512, expected: [1.115707, 0.9494302, 1.075969, 1.294093, 1.475135] },
  { layers: [128, 64, 1000], activation: 'relu', batch: 256, batches: 64, expected: [6.914522, 6.94183, 6.971982, 6.92487, 6.903235] },
  {
    layers: [2048, 2048, 2048, 100],
    activation: 'relu',
    batch: 512,
    batches: 4,
    expected: [4.607902, 4.707454, 4.709474, 4.67678, 3.866314],
  },
].map((trial) => ({ ...trial, name: `${trial.layers.join('-')}-batch-${trial.batch}`, group: 'shapes', kind: 'train' }));

/** `batches` distinct batches are in memory before timing starts and are used in turn, so that no driver memorizes one. */
export const trials = [
  ...trainings,
  {
    name: 'student',
    kind: 'train',
    layers: student,
    batch: 32,
    batches: 74,
    expected: [1.614866, 1.630269, 1.65403, 1.630751, 1.634099],
  },
  {
    name: 'student-relu',
    kind: 'train',
    layers: student,
    activation: 'relu',
    batch: 32,
    batches: 74,
    expected: [1.61886, 1.620699, 1.642062, 1.634015, 1.624899],
  },
  {
    name: 'tabular',
    kind: 'train',
    layers: [54, 256, 256, 7],
    activation: 'relu',
    batch: 1024,
    batches: 64,
    expected: [1.951251, 1.949083, 1.949165, 1.94942, 1.956985],
  },
  {
    name: 'mnist-mlp',
    kind: 'train',
    layers: [784, 512, 512, 10],
    activation: 'relu',
    batch: 128,
    batches: 64,
    expected: [2.294282, 2.281731, 2.308319, 2.327503, 2.376479],
  },
  {
    name: 'wide',
    kind: 'train',
    layers: [1024, 4096, 4096, 1000],
    activation: 'relu',
    batch: 256,
    batches: 4,
    expected: [6.914557, 7.119251, 7.294787, 7.199219, 5.686912],
  },
  ...shapes,
  {
    name: 'epoch',
    kind: 'epoch',
    layers: student,
    activation: 'relu',
    batch: 32,
    rows: 2392,
    expected: [1.61886, 1.620699, 1.642062, 1.634015, 1.624899],
  },
  {
    name: 'linear-forward',
    kind: 'linear',
    rows: 256,
    in: 1024,
    out: 1024,
    expected: [0.4613577, -0.9735786, -0.6579953, -0.7355136, -0.509083],
  },
  {
    name: 'cross-entropy',
    kind: 'crossEntropy',
    rows: 4096,
    classes: 1000,
    expected: [7.407124, 1.998002, 1.262413, 1.380028, 0.775716, 0.3204587],
  },
  {
    name: 'cross-entropy-small',
    kind: 'crossEntropy',
    rows: 32,
    classes: 5,
    expected: [2.064465, 1.602654, 1.358043, -4.84607, 0.4810035, -3.491574],
  },
  { name: 'adam', kind: 'adam', parameters: 10_000_000, expected: [3.19813, 2.041724, 4.425844, -2.940969, 0.101275] },
  ...inference('student', student, 74, EXPECTED_STUDENT),
  ...inference('mlp', [784, 512, 512, 10], 8, EXPECTED_MLP),
].map((trial) => ({ ...trial, adam }));

/** The trials of `--quick`; only the first of them if Python libraries take part, each of which takes seconds to load. */
export const quickTrials = [
  'lecture-relu',
  'student-relu',
  'mnist-mlp',
  'epoch',
  'student',
  'tabular',
  'linear-forward',
  'cross-entropy-small',
  'cross-entropy',
  'adam',
];
export const quickTrialsWithPython = quickTrials.slice(0, 4);

/** Describes a trial in one line. */
export function describe(trial) {
  switch (trial.kind) {
    case 'train':
      return `training step of ${trial.layers.join('-')}${formOf(trial)}, batch ${trial.batch}`;
    case 'training':
      return `${trial.epochs} epochs of ${trial.layers.join('-')}${formOf(trial)}, batches of ${trial.batch} ${trial.data}; a step of it`;
    case 'epoch':
      return `epoch of ${trial.rows} rows in shuffled batches of ${trial.batch}, loader included, ${trial.layers.join('-')}, ReLU`;
    case 'infer':
      return `output of ${trial.layers.join('-')}, ReLU, for a batch of ${trial.batch}`;
    case 'linear':
      return `linear layer forward, ${trial.rows} rows, ${trial.in} to ${trial.out}`;
    case 'crossEntropy':
      return `softmax-cross-entropy with its gradient, ${trial.rows} rows of ${trial.classes}`;
    default:
      return `Adam step over ${trial.parameters / 1e6} million parameters`;
  }
}

const formOf = ({ activation, softmax }) =>
  activation ? `, ${activations[activation]}` : softmax ? ', linear chain into Softmax' : ', linear chain';

const activations = { relu: 'ReLU', tanh: 'tanh' };

/**
 * The least work of one run: floating point operations, or bytes between processor and memory, whichever is the bottleneck; null if neither is.
 * Training: forward, weight gradient and input gradient take 2 * batch * in * out each; the first layer needs no input gradient.
 * Cross-entropy reads the logits and writes the gradient; Adam reads four floats for each parameter and writes three.
 */
export function work(trial) {
  switch (trial.kind) {
    case 'train':
    case 'training':
      return { flops: trial.batch * networkFlops(trial.layers) };
    case 'epoch':
      return { flops: trial.rows * networkFlops(trial.layers) };
    case 'infer':
      return { flops: trial.batch * forwardFlops(trial.layers) };
    case 'linear':
      return { flops: 2 * trial.rows * trial.in * trial.out };
    case 'crossEntropy':
      return trial.rows * trial.classes < 1e6 ? null : { bytes: 8 * trial.rows * trial.classes };
    default:
      return { bytes: 28 * trial.parameters };
  }
}

const forwardFlops = (layers) => layers.slice(1).reduce((flops, width, i) => flops + 2 * layers[i] * width, 0);

const networkFlops = (layers) => 3 * forwardFlops(layers) - 2 * layers[0] * layers[1];
