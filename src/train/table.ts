// Rows of figures for `console.table`.

/** A row of a table. */
export type TableRow = Record<string, string | number | boolean | null>;

// Five digits distinguish figures and fit on a screen. Integers are sizes and counts.
function cell(value: unknown): TableRow[string] {
  if (typeof value === 'number') return Number.isInteger(value) || !Number.isFinite(value) ? value : rounded(value);
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'function') return value.name;
  return Array.isArray(value) ? `[${value.map(cell).join(', ')}]` : String(value);
}

const rounded = (x: number): number => (Math.abs(x) < 1e5 ? Number(x.toPrecision(5)) : Math.round(x));

/** A row of such cells. If a name occurs twice, the first has it, and the other is prefixed by what it belongs to. */
export function tableRow(...parts: readonly (readonly [of: string, cells: Readonly<Record<string, unknown>>])[]): TableRow {
  const row: TableRow = {};
  for (const [of, cells] of parts) {
    for (const [name, value] of Object.entries(cells)) {
      const key = Object.hasOwn(row, name) ? `${of}.${name}` : name;
      Object.defineProperty(row, key, { value: cell(value), enumerable: true, writable: true, configurable: true }); // also "__proto__"
    }
  }
  return row;
}
