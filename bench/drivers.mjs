// The drivers. A driver is a program in drivers/ and the mode in which it runs; `needs` names what must be installed,
// `kinds` the kinds of trials that it can run, by default all.
import { fileURLToPath } from 'node:url';
import { trials } from './trials.mjs';

const WIDE = Object.fromEntries(['wide', '2048-2048-2048-100-batch-512'].map((name) => [name, 'a step takes 10 to 80 s']));

// A step takes more than a quarter of a second.
const SLOW = {
  plain: ['mnist-mlp', 'tabular', 'linear-forward'],
  wasm: ['mnist-mlp', 'tabular', 'epoch'],
  cpu: ['mnist-mlp', 'tabular', 'linear-forward', 'epoch', 'cross-entropy', 'adam'],
};

const EXCEPT_INFERENCE = ['train', 'training', 'epoch', 'linear', 'crossEntropy', 'adam'];

// torch.set_flush_denormal(True): it matters in a training that continues until some numbers become denormal.
const flushing = (driver) => ({
  ...driver,
  name: `${driver.name}-flush`,
  label: `${driver.label}, set_flush_denormal`,
  flush: true,
  kinds: ['training'],
});

const torch = [
  { name: 'torch', label: 'PyTorch', file: 'pytorch.py', mode: 'eager', needs: 'torch' },
  { name: 'torch-fused', label: 'PyTorch, fused Adam', file: 'pytorch.py', mode: 'fused', kinds: EXCEPT_INFERENCE, needs: 'torch' },
  {
    name: 'torch-compile',
    label: 'PyTorch, torch.compile',
    file: 'pytorch.py',
    mode: 'compile',
    needs: 'torch',
    slow: trials.map((trial) => trial.name),
  },
];

export const drivers = [
  { name: 'simdnn', label: 'simdnn', file: 'simdnn.mjs', mode: 'eager', needs: 'build', ours: true },
  { name: 'simdnn-compiled', label: 'simdnn, compiled', file: 'simdnn.mjs', mode: 'compiled', needs: 'build', ours: true },
  {
    name: 'simdnn-fit',
    label: 'simdnn, train.fit',
    file: 'simdnn.mjs',
    mode: 'fit',
    kinds: ['epoch', 'training'],
    needs: 'build',
    ours: true,
  },
  {
    name: 'simdnn-predict',
    label: 'simdnn, train.predict',
    file: 'simdnn.mjs',
    mode: 'predict',
    kinds: ['infer'],
    needs: 'build',
    ours: true,
  },
  { name: 'plain', label: 'plain JavaScript', file: 'plain.mjs', slow: SLOW.plain, leftOut: WIDE },
  { name: 'tfjs-cpu', label: 'TensorFlow.js cpu', file: 'tfjs.mjs', mode: 'cpu', needs: 'npm', slow: SLOW.cpu, leftOut: WIDE },
  { name: 'tfjs-wasm', label: 'TensorFlow.js wasm', file: 'tfjs.mjs', mode: 'wasm', needs: 'npm', slow: SLOW.wasm, leftOut: WIDE },
  { name: 'tfjs-node', label: 'TensorFlow.js node', file: 'tfjs.mjs', mode: 'node' },
  { name: 'onnxruntime', label: 'ONNX Runtime for Node', file: 'onnxruntime.mjs', kinds: ['infer'], needs: 'npm' },
  ...torch.flatMap((driver) => [driver, flushing(driver)]),
  { name: 'jax', label: 'JAX, jit', file: 'jax_xla.py', mode: 'jit', kinds: EXCEPT_INFERENCE, needs: 'jax' },
  { name: 'jax-loop', label: 'JAX, loop in one call', file: 'jax_xla.py', mode: 'loop', kinds: EXCEPT_INFERENCE, needs: 'jax' },
  {
    name: 'tensorflow',
    label: 'TensorFlow, graph loop',
    file: 'tensorflow_keras.py',
    mode: 'graph',
    kinds: EXCEPT_INFERENCE,
    needs: 'tensorflow',
  },
  {
    name: 'tensorflow-xla',
    label: 'TensorFlow, XLA',
    file: 'tensorflow_keras.py',
    mode: 'xla',
    kinds: EXCEPT_INFERENCE,
    needs: 'tensorflow',
  },
];

/** The driver for --quick, without the trials at which its steps or its preparation (torch.compile) are `slow`. */
export function quick(driver) {
  const slow = (driver.slow ?? []).map((trial) => [trial, 'takes too long for --quick']);
  return { ...driver, leftOut: { ...Object.fromEntries(slow), ...driver.leftOut } };
}

/** The program of a driver and its first arguments. */
export function command(driver, python) {
  const file = fileURLToPath(new URL(`drivers/${driver.file}`, import.meta.url));
  return driver.file.endsWith('.py') ? [python, '-B', file] : [process.execPath, file];
}
