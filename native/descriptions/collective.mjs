// collective.cc
import { choice, flag, inout, integer, kernel, real } from './describe.mjs';

export const collective = [
  kernel('all_reduce', {
    operands: [inout('values', 'n')],
    sizes: ['n'],
    derived: { n: 'values.length' },
    attributes: [
      real('weight', 1, { doc: 'What these values are multiplied by first (1).' }),
      flag('mean', { doc: 'Divides by the sum of all weights (false).' }),
      integer('call', 0, { internal: true }),
      choice('phase', 'SumPhase', 'whole', { internal: true }),
      flag('joined', { internal: true }), // to the sum before: the ranks have met there, and its weights count
    ],
    options: ['AllReduceOptions', 'The options of `allReduce`.', 'weight', 'mean'],
    doc: `The sum over the processes of the group that \`distributed.initProcessGroup\` has made, of \`weight * values\`, written to \`values\` of each of them; with
\`mean\` it is divided by the sum of the weights. A process without a group is alone: \`allReduce(values, options)\`. A RangeError on every rank where one
of them makes another call.`,
    example: `const values = Float32Array.of(1, 2);
allReduce(values, { weight: 3 });
values; // [3, 6]`,
  }),
];
