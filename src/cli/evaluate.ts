// simdnn evaluate: evaluates a model on a file's rows.
import { type data, metrics, tensor } from '../index';
import { CliError } from './errors';
import { confusionOf, figuresOf } from './figures';
import { loadModel, type TrainedModel } from './model-file';
import { confusionText, counted, figuresLine, say, sayJson } from './output';
import { answer, readFor } from './predict';
import type { Dialect } from './table';
import { knownRows, labelsOf } from './target';

/** The options of the command. */
export interface EvaluateOptions {
  model: string;
  file: string;
  dialect: Partial<Dialect>;
  json: boolean;
}

// The class of each row, as its number.
function classNumbers(table: data.Table, rows: Int32Array, { classes, description: { target } }: TrainedModel, file: string): number[] {
  const numbers = new Map(classes!.map((label, number) => [label, number]));
  return labelsOf(table, target, rows).map((label, i) => {
    const number = numbers.get(label);
    if (number !== undefined) return number;
    const place = `${file}: line ${table.lineOf(rows[i]!)}, column "${target}"`;
    throw new CliError(`${place}: the model knows no class ${JSON.stringify(label)}`, `its classes are ${classes!.join(', ')}`);
  });
}

/** Runs the command. */
export async function evaluateCommand({ model: path, file, dialect, json }: EvaluateOptions): Promise<number> {
  const model = await loadModel(path);
  const { target, scale } = model.description;
  const table = await readFor(model, file, dialect, true);
  const rows = knownRows(table.column(target));
  if (rows.length === 0) throw new CliError(`${file} has no row with a value in "${target}"`);
  const targets = model.classes === null ? (labelsOf(table, target, rows, false) as number[]) : classNumbers(table, rows, model, file);
  const { outputs } = await answer(model, table, rows);
  const figures = figuresOf(outputs, targets, scale);
  const classes = model.classes?.map(String) ?? null;
  const confusion = classes === null ? null : confusionOf(outputs, targets);
  if (json) {
    sayJson({ model: path, file, target, rows: rows.length, metrics: figures, classes, confusion });
    return 0;
  }
  const without = table.length - rows.length;
  say(`${file}: ${counted(rows.length, 'row')}${without > 0 ? `, ${without} without ${target} left out` : ''}`);
  say(figuresLine(figures));
  if (classes === null) return 0;
  say(`\n${metrics.classificationReport(outputs, tensor(Int32Array.from(targets)), { classes })}`);
  say(confusionText(confusion!, classes));
  return 0;
}
