// ONNX Runtime for Node, on its CPU provider: the network as an ONNX model with fixed shapes, with all graph optimizations, and inputs
// made beforehand. It only does inference.
import { createRequire } from 'node:module';
import { batches, digest, network } from '../data.mjs';
import { onnxModel } from './onnx.mjs';
import { serve, Unavailable } from './protocol.mjs';

const require = createRequire(new URL('../peers/package.json', import.meta.url));

function load() {
  try {
    return require('onnxruntime-node');
  } catch (error) {
    throw new Unavailable(`onnxruntime-node does not load: ${error.message.split('\n')[0]}`);
  }
}

await serve({
  async infer({ trial, threads }) {
    const { InferenceSession, Tensor, env } = load();
    const { layers: widths, batch } = trial;
    const session = await InferenceSession.create(onnxModel(network(widths), batch), {
      executionProviders: ['cpu'],
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
    });
    const feeds = batches(trial).map(({ x }) => ({ x: new Tensor('float32', x, [batch, widths[0]]) }));
    let at = 0;
    const next = async () => (await session.run(feeds[at++ % feeds.length])).y;
    const check = digest((await next()).data);
    const run = async (n) => {
      for (let i = 1; i < n; i++) await next();
      return (await next()).data[0];
    };
    return { version: env.versions.node ?? env.versions.common, check, run };
  },
});
