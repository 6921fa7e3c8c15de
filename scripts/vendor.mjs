// Copies the headers that the native build needs, with their licences, to native/vendor, so that the npm tarball builds
// from source with only CMake and a compiler. They are never part of the repository.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const vendor = join(root, 'native/vendor');
const require = createRequire(import.meta.url);

/** The folder that holds hwy/highway.h, or undefined. */
export const highway = () =>
  [...(process.env.CPATH ?? '').split(delimiter), '/opt/homebrew/include', '/usr/local/include', '/usr/include'].find(
    (folder) => folder !== '' && existsSync(join(folder, 'hwy/highway.h')),
  );

// Highway's notice and the Apache License from THIRD_PARTY_LICENSES, whose other sections are about other software.
function highwayLicence() {
  const sections = readFileSync(join(root, 'THIRD_PARTY_LICENSES'), 'utf8').split(/^== /m);
  const wanted = ['Highway', 'Apache License'].map((name) => sections.find((section) => section.startsWith(name)));
  if (wanted.includes(undefined)) throw new Error("THIRD_PARTY_LICENSES lacks Highway's notice or the Apache License");
  return wanted.join('\n');
}

const copy = (from, to, filter) => cpSync(from, to, { recursive: true, preserveTimestamps: true, filter });

// Highway's core, without its sorting, printing and tests, and without the instruction sets that CMakeLists.txt does not use.
function copyHighway() {
  const from = highway();
  if (!from && existsSync(join(vendor, 'highway'))) return;
  if (!from) throw new Error("Highway's headers are missing (on Debian: apt-get install libhwy-dev)");
  rmSync(join(vendor, 'highway'), { recursive: true, force: true });
  copy(
    join(from, 'hwy'),
    join(vendor, 'highway/hwy'),
    (path) => !/\/hwy\/(contrib|tests|nanobenchmark|print|ops\/(arm_sve|rvv|wasm))/.test(path),
  );
  writeFileSync(join(vendor, 'highway/LICENSE'), highwayLicence());
}

function copyNodeApi(name, headers, licence) {
  const from = dirname(require.resolve(`${name}/package.json`));
  const files = readdirSync(join(from, headers)).filter((file) => file.endsWith('.h'));
  rmSync(join(vendor, name), { recursive: true, force: true });
  for (const file of files) copy(join(from, headers, file), join(vendor, name, file));
  copy(join(from, licence), join(vendor, name, licence));
}

/** Fills native/vendor; if the system has no Highway, an existing copy stays. */
export function copyHeaders() {
  copyHighway();
  copyNodeApi('node-api-headers', 'include', 'LICENSE');
  copyNodeApi('node-addon-api', '.', 'LICENSE.md');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) copyHeaders();
