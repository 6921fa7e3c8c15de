// The differences between a run and the run that wrote a checkpoint.
import type { Dialect } from './table';

type Identity = Readonly<Record<string, unknown>>;

const shown = (value: unknown): string =>
  typeof value === 'string' ? value : Array.isArray(value) ? value.join(',') : JSON.stringify(value);
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const changeOf = (option: string, before: unknown, now: unknown): string => `--${option} was ${shown(before)} and is ${shown(now)}`;

// How the file was read, in terms of the options that determine it.
function readings(before: Partial<Dialect> = {}, now: Partial<Dialect> = {}): string[] {
  const options = (['delimiter', 'decimal', 'na', 'encoding'] as const).filter((name) => !isSame(before[name], now[name]));
  const header = before.header === now.header ? [] : [now.header ? '--no-header was given' : '--no-header was not given'];
  return [...options.map((name) => changeOf(name, before[name], now[name])), ...header];
}

type Used = [name: string, role: string];

function uses(before: readonly Used[] = [], now: readonly Used[] = []): string[] {
  const old = new Map(before);
  const changed = now.filter(([name, role]) => old.get(name) !== role);
  const names = new Set(now.map(([name]) => name));
  return [
    ...changed.map(([name, role]) => `column "${name}" was ${old.get(name) ?? 'not there'} and is ${role}`),
    ...before.filter(([name]) => !names.has(name)).map(([name, role]) => `column "${name}" was ${role} and is not there`),
  ];
}

/** Describes the differences between two runs, each given as JSON; differences that follow from others are omitted. */
export function differenceOf(before: string, now: string): string {
  const [old, given] = [JSON.parse(before) as Identity, JSON.parse(now) as Identity];
  const { sha256, target, dialect, columns, task, ...options } = given;
  const targets = isSame(old['target'], target) ? [] : [changeOf('target', old['target'], target)];
  const dialects = readings(old['dialect'] as Dialect, dialect as Dialect);
  const differing = [...new Set([...Object.keys(options), ...Object.keys(old)])]
    .filter((name) => !['sha256', 'target', 'dialect', 'columns', 'task'].includes(name))
    .filter((name) => name in old && name in options && !isSame(old[name], options[name]))
    .map((name) => changeOf(name, old[name], options[name]));
  // Columns and the task follow from the file, the target and how it is read.
  const causes = [...(isSame(old['sha256'], sha256) ? [] : ['the file has changed']), ...targets, ...dialects];
  const used = causes.length > 0 ? [] : uses(old['columns'] as Used[], columns as Used[]);
  const tasks = causes.length > 0 || isSame(old['task'], task) ? [] : [changeOf('task', old['task'], task)];
  const all = [...causes, ...tasks, ...used, ...differing];
  return all.length === 0
    ? 'its rows are prepared otherwise'
    : all.slice(0, 5).join('; ') + (all.length > 5 ? `; ... (${all.length})` : '');
}
