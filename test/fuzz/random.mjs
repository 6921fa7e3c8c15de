// Random choices as a function of a seed (the sfc32 generator of PractRand).
export class Random {
  #a;
  #b;
  #c;
  #counter = 1;

  constructor(...seeds) {
    [this.#a, this.#b, this.#c] = [seeds[0] | 0, seeds[1] | 0, seeds[2] | 0];
    for (let i = 0; i < 15; i++) this.bits();
  }

  bits() {
    const out = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + out;
    return out >>> 0;
  }

  /** In [0, 1). */
  real() {
    return this.bits() / 2 ** 32;
  }
  /** From 0 to n - 1. */
  below(n) {
    return Math.floor(this.real() * n);
  }
  chance(p) {
    return this.real() < p;
  }
  pick(list) {
    return list[this.below(list.length)];
  }
  /** n values of make(i). */
  times(n, make) {
    return Array.from({ length: n }, (_, i) => make(i));
  }
}
