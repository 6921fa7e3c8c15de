// Calls every kernel of the addon with sizes of which some are 0 and some as large as can be. Prints each name, then "done".
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const root = join(__dirname, '../..');
const { kernels } = require('../../native/load.js').load();

const signatures = [...readFileSync(join(root, 'src/kernels.generated.ts'), 'utf8').matchAll(/^ {2}(\w+)\((.*)\): void;$/gm)];
const sizes = new Set(['rows', 'in_', 'out', 'm', 'n', 'k', 'classes', 'outer', 'inner', 'columns', 'count']);
const values = [0, 1, 2 ** 31, 2 ** 53 - 1];
// Images have too many sizes for all values. Sizes other than the batch are refused above 2^30.
const ofImages = /^(batch|channels|multiplier|(filter|out)?_?(height|width|channels))$/i;
const valuesOfImages = (name) => [0, 1, name === 'batch' ? 2 ** 53 - 1 : 2 ** 30];
const valuesOf = (name) => (name === 'reduction' ? reductions : ofImages.test(name) ? valuesOfImages(name) : values);
const reductions = [0, 1, 2, 0];

const argument = (name, type) => {
  if (name === 'layout') return Int32Array.of(1, 0, 1, 0, 1, 0);
  if (type === 'number') return /^(stride|dilation)/.test(name) ? 1 : 0;
  return type.startsWith('Int32Array') ? new Int32Array(2) : new Float32Array(2);
};

for (const [, kernel, list] of signatures) {
  process.stdout.write(`${kernel}\n`);
  const parameters = list.split(', ').map((text) => text.split(': '));
  const at = parameters.flatMap(([name, type], i) =>
    type === 'number' && (sizes.has(name) || ofImages.test(name) || name === 'reduction') ? [i] : [],
  );
  const choices = at.map((i) => valuesOf(parameters[i][0]));
  const combinations = choices.reduce((product, of) => product * of.length, 1);
  for (let combination = 0; combination < combinations; combination++) {
    const args = parameters.map(([name, type]) => argument(name, type));
    let left = combination;
    at.forEach((i, digit) => {
      args[i] = choices[digit][left % choices[digit].length];
      left = Math.floor(left / choices[digit].length);
    });
    try {
      kernels[kernel](...args);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
}
console.log('done');
