// collective.cc
import { choice, flag, inout, integer, kernel, real } from './describe.mjs';

export const collective = [
  kernel('all_reduce', {
    operands: [inout('values', 'n')],
    sizes: ['n'],
    derived: { n: 'values.length' },
    attributes: [
      real('weight', 1, { doc: "This process's values are multiplied by it before the sum (1)." }),
      flag('mean', { doc: 'Divides the sum by the sum of all weights (false).' }),
      integer('call', 0, { internal: true }),
      choice('phase', 'SumPhase', 'whole', { internal: true }),
      flag('joined', { internal: true }), // this call continues the sum before it, where the ranks have met already and whose weights count
    ],
    options: ['AllReduceOptions', 'The options of `allReduce`.', 'weight', 'mean'],
    doc: `Sums \`weight * values\` over all processes of the group that \`distributed.initProcessGroup\` has made, and writes the result to \`values\` of each
process; with \`mean\` it is divided by the sum of the weights: \`allReduce(values, options)\`. A process without a group sums only its own values. If
one rank makes a different call, every rank gets a RangeError.`,
    example: `const values = Float32Array.of(1, 2);
allReduce(values, { weight: 3 });
values; // [3, 6]`,
  }),
];
