// Checks that a driver did the work: a time counts only if the driver's values are those of the trial.

// Losses in float32 differ by 1e-6 with the order of summation, and by up to 1e-3 on a wide network with the placement of Adam's epsilon (PyTorch's,
// TensorFlow's); one wrong formula causes a far larger difference.
const RELATIVE = 2e-3;
const ABSOLUTE = 1e-4;

/** The reason why these values are not the trial's; null if they are. */
export function difference(check, expected) {
  if (!Array.isArray(check) || check.length !== expected.length) return `shows ${check?.length ?? 0} values, expected ${expected.length}`;
  const at = check.findIndex((value, i) => !(Math.abs(value - expected[i]) <= RELATIVE * Math.abs(expected[i]) + ABSOLUTE));
  return at < 0 ? null : `value ${at + 1} is ${check[at]}, expected ${expected[at]}`;
}
