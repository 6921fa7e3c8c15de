// Data shared by the tests of the benchmark's reports.

/** A run of two trials as --json writes it. */
export const madeUp = () => ({
  format: 1,
  command: 'npm run bench',
  machine: { cpu: 'A CPU', cpus: 2, memoryGiB: 4, system: 'Linux 6 x64', node: 'v20.0.0', load: 0, when: '2026-01-01T00:00:00Z' },
  threads: 1,
  limits: { muladd: 100e9, read: 10e9, stream: 20e9 },
  drivers: [
    { name: 'simdnn', label: 'simdnn', ours: true },
    { name: 'plain', label: 'plain JavaScript', ours: false },
    { name: 'torch', label: 'PyTorch <eager>', ours: false },
  ],
  trials: [
    { name: 'student', description: 'a small network', work: { flops: 1e6 } },
    { name: 'adam', description: 'an Adam step', work: { bytes: 28e6 } },
  ],
  cells: [
    { trial: 'student', driver: 'plain', status: 'measured', seconds: [8e-4, 9e-4, 4e-4, 5e-4, 8e-4] },
    { trial: 'student', driver: 'simdnn', status: 'measured', seconds: [4e-5, 5e-5, 4e-5, 4e-5, 3e-5] },
    { trial: 'student', driver: 'torch', status: 'other result', reason: 'value 1 is 3, expected 2' },
    { trial: 'adam', driver: 'simdnn', status: 'measured', seconds: [2.8e-3, 2.8e-3, 2.8e-3, 2.8e-3, 2.8e-3] },
    { trial: 'adam', driver: 'plain', status: 'failed', reason: 'no memory' },
    { trial: 'adam', driver: 'torch', status: 'unavailable', reason: '' },
  ],
});
