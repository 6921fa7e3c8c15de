// A time counts only when the work was done: the values a driver shows are compared with the trial's own.

// Float32 orders of summation differ by 1e-6 of a loss, placements of Adam's epsilon (PyTorch's, TensorFlow's) by up to 1e-3 on a
// wide network; one wrong formula is off by far more.
const RELATIVE = 2e-3;
const ABSOLUTE = 1e-4;

/** Why these values are not the trial's; null when they are. */
export function difference(check, expected) {
  if (!Array.isArray(check) || check.length !== expected.length) return `shows ${check?.length ?? 0} values, expected ${expected.length}`;
  const at = check.findIndex((value, i) => !(Math.abs(value - expected[i]) <= RELATIVE * Math.abs(expected[i]) + ABSOLUTE));
  return at < 0 ? null : `value ${at + 1} is ${check[at]}, expected ${expected[at]}`;
}
