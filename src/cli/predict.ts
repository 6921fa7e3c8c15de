// simdnn predict: applies a model to a file's rows.
import { type data, type Tensor, train } from '../index';
import { listsOf, predictionsOf } from './figures';
import { loadModel, type TrainedModel } from './model-file';
import { checkPlaces, csvLine, float32Text, sayJson, warn, writeText } from './output';
import { type Dialect, everyRow, readTable, rowsOf } from './table';

/** The options of the command. */
export interface PredictOptions {
  model: string;
  file: string;
  dialect: Partial<Dialect>;
  output: string | undefined;
  json: boolean;
}

/** A file's rows with a network's predictions. */
export interface PredictedRows {
  table: data.Table;
  rows: Int32Array;
  outputs: Tensor;
}

/** Reads the columns that a model needs from a file, and the target too if it is wanted. */
export async function readFor({ description }: TrainedModel, file: string, given: Partial<Dialect>, target: boolean): Promise<data.Table> {
  const { numbers, texts, targetIsText, dialect } = description;
  const columns = [...numbers, ...texts, ...(target ? [description.target] : [])];
  const text = [...texts, ...(target && targetIsText ? [description.target] : [])];
  return readTable(file, { ...dialect, ...given }, { columns, text });
}

/** A network's outputs for some rows of a table; reports text values that were not in its training data. */
export async function answer(model: TrainedModel, table: data.Table, rows: Int32Array): Promise<PredictedRows> {
  const { numbers, texts } = model.description;
  for (const name of texts) tellUnknown(model, table, name);
  const x = model.inputs.transform(rowsOf(table, [...numbers, ...texts], rows));
  return { table, rows, outputs: await train.predict(model.network, x) };
}

/** The values of a column of text that a model knows; null is among them if the training data had missing values. */
export function categoriesOf({ inputs, description }: TrainedModel, name: string): readonly data.Cell[] {
  const encoder = inputs.transformers.find(([part]) => part === 'texts')![1] as data.OneHotEncoder;
  return encoder.categories[description.texts.indexOf(name)]!;
}

function tellUnknown(model: TrainedModel, table: data.Table, name: string): void {
  const column = table.column(name);
  if (column.kind !== 'text') return;
  const known = new Set(categoriesOf(model, name));
  const unknown = column.categories.filter((text) => !known.has(text));
  if (unknown.length === 0) return;
  const some = unknown.slice(0, 5).map((text) => JSON.stringify(text));
  warn(`note: the model has not met ${some.join(', ')}${unknown.length > 5 ? `, ... (${unknown.length})` : ''} in column "${name}"`);
}

/** Runs the command. */
export async function predictCommand({ model: path, file, dialect, output, json }: PredictOptions): Promise<number> {
  await checkPlaces([output], [path, file]);
  const model = await loadModel(path);
  const table = await readFor(model, file, dialect, false);
  const { outputs } = await answer(model, table, everyRow(table));
  const { values, probabilities } = predictionsOf(outputs, model.description.scale);
  const predictions = model.classes === null ? values : values.map((number) => model.classes![number]!);
  const shares = probabilities === null ? null : listsOf(probabilities);
  if (json) {
    const document = { model: path, file, target: model.description.target, classes: model.classes, predictions, probabilities: shares };
    if (output === undefined) sayJson(document);
    else await writeText(output, `${JSON.stringify(document, null, 2)}\n`);
  } else {
    const header = csvLine(['prediction', ...(model.classes ?? []).map((name) => `probability_${name}`)]);
    const shown = model.classes === null ? values.map(float32Text) : predictions;
    const text = header + shown.map((value, row) => csvLine([value, ...(shares?.[row] ?? []).map(float32Text)])).join('');
    if (output === undefined) process.stdout.write(text);
    else await writeText(output, text);
  }
  if (output !== undefined) warn(`wrote ${output}: ${table.length} rows`);
  return 0;
}
