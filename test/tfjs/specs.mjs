// Runs the specs that tfjs-core brings in its npm package on this backend, in one bundle with it, so that there is one copy of tfjs-core.
// With an argument, results of at least so many numbers have memory of the pool. Its last line is { passed, failed, pending, failures } as JSON. test/tfjs/specs.test.ts starts it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);
const folder = mkdtempSync(join(root, 'build/tfjs-specs-'));
const core = '@tensorflow/tfjs-core/dist';

// The environment comes first: describeWithFlags asks for it while the specs are defined.
writeFileSync(
  join(folder, 'begin.ts'),
  `import '${core}/index';
import '@tensorflow/tfjs-backend-cpu/dist/index';
import '${core}/register_all_gradients';
import '${core}/public/chained_ops/register_all_chained_ops';
import { setTestEnvs } from '${core}/jasmine_util';
import { installBackend } from '${root}/src/tfjs/backend';
import { limits } from '${root}/src/tfjs/pool';
limits.least = ${process.argv[2] ?? 'limits.least'};
installBackend();
setTestEnvs([{ name: 'simdnn', backendName: 'simdnn', flags: {}, isDataSync: true }]);
`,
);
writeFileSync(join(folder, 'entry.ts'), `import './begin';\nimport '${core}/tests';\n`);

const bundle = await rolldown({
  cwd: root,
  input: join(folder, 'entry.ts'),
  platform: 'node',
  transform: { define: { packageVersion: '"0"' } },
  resolve: { mainFields: ['module', 'main'], alias: { '@tensorflow/tfjs-core': join(root, 'node_modules/@tensorflow/tfjs-core') } },
  external: [/^node:/, /\/native\/(load\.js|build\.cjs)$/, 'jasmine-core/lib/jasmine-core/jasmine.js'],
  treeshake: { moduleSideEffects: () => true }, // its package.json names no spec
  logLevel: 'silent',
});
await bundle.write({ file: join(folder, 'specs.cjs'), format: 'cjs', codeSplitting: false });
await bundle.close();

const jasmine = require('jasmine-core').boot();
const env = jasmine.getEnv();
env.configure({ random: false, failSpecWithNoExpectations: false });
const result = { passed: 0, failed: 0, pending: 0, failures: [] };
env.addReporter({
  specDone({ status, fullName, failedExpectations }) {
    if (status in result) result[status]++;
    if (status === 'failed')
      result.failures.push(
        `${fullName}: ${failedExpectations
          .map(({ message }) => message)
          .join('; ')
          .slice(0, 300)}`,
      );
  },
});
console.warn = () => {};
try {
  require(join(folder, 'specs.cjs'));
  await env.execute();
} finally {
  rmSync(folder, { recursive: true });
}
process.stdout.write(`\n${JSON.stringify(result)}\n`);
