// npm run test:platform -- PLATFORM [TESTS ...]: builds, inspects and, where this machine can, runs the binary of one platform of scripts/zig.mjs; TESTS are the
// tests of the library that run with it, as vitest's filters.
import { machines, testPlatform } from './platforms.mjs';
import { conclude, one, run, stage, vitest } from './stages.mjs';
import { stop } from './system.mjs';
import { triples } from './zig.mjs';

const [platform, ...tests] = process.argv.slice(2);
if (!(platform in triples)) stop(`name one of ${Object.keys(triples).join(', ')}`);
process.env.SIMDNN_PLATFORMS = platform;
await stage(`${platform}: compiled and packed`, async () => one(await run(process.execPath, ['scripts/pack.mjs'])));
await stage(`${platform}: inspected, used where it runs here`, () =>
  vitest(`package-${platform}`, {}, ['--config=test/package/vitest.config.mts', 'binaries', 'tarball', 'nodes']),
);
if (platform in machines) await testPlatform(platform, tests.length > 0 ? tests : undefined);
conclude();
