// Checks and installs what drivers need: this library's build, npm packages (installed into bench/peers on first use), Python modules.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BUILT = new URL('../dist/index.mjs', import.meta.url);
const FOLDER = fileURLToPath(new URL('peers/', import.meta.url));
const PYTHON_MODULES = ['torch', 'jax', 'tensorflow'];

/** The drivers. One that cannot run has the reason in `unavailable`, which is empty if the user did not name the driver. */
export function withNeeds(drivers, { python, named, note, installMs = 300_000 }) {
  const missing = { build: existsSync(BUILT) ? null : 'not built: npm run build', npm: null, torch: null, jax: null, tensorflow: null };
  if (drivers.some((driver) => driver.needs === 'npm')) missing.npm = installPackages(note, installMs);
  if (drivers.some((driver) => PYTHON_MODULES.includes(driver.needs))) Object.assign(missing, missingModules(python, named));
  return drivers.map((driver) => ({ ...driver, unavailable: missing[driver.needs] ?? undefined }));
}

function installPackages(note, timeout) {
  const { dependencies } = JSON.parse(readFileSync(`${FOLDER}package.json`, 'utf8'));
  if (Object.keys(dependencies).every((name) => existsSync(`${FOLDER}node_modules/${name}`))) return null;
  note('installing @tensorflow/tfjs and onnxruntime-node for comparison, once, into bench/peers (600 MB)');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, error, stderr } = spawnSync('npm', args, { cwd: FOLDER, encoding: 'utf8', timeout, shell: process.platform === 'win32' });
  if (status === 0) return null;
  const words = error?.message ?? stderr.split('\n').find((line) => /npm (error|ERR!)/.test(line)) ?? `npm ended with ${status}`;
  return `npm ci in bench/peers failed: ${words}`;
}

function missingModules(python, named) {
  const all = (reason) => Object.fromEntries(PYTHON_MODULES.map((name) => [name, reason]));
  if (!python) return all(named ? 'needs --python' : '');
  const code = `
import importlib.util as u, json
need = {"torch": ["torch"], "jax": ["jax", "optax"], "tensorflow": ["tensorflow", "keras"]}
print(json.dumps({k: next((m for m in v if u.find_spec(m) is None), None) for k, v in need.items()}))`;
  const { status, stdout, error } = spawnSync(python, ['-c', code], { encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) return all(`--python does not run: ${error?.code ?? `it ended with ${status}`}`);
  const reasons = Object.entries(JSON.parse(stdout)).map(([name, module]) => [name, module && `this Python has no ${module}`]);
  return Object.fromEntries(reasons);
}
