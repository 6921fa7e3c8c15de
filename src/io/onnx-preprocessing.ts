// The preprocessing of a model's input as operators in front of the model.
import { MinMaxScaler, Pipeline, RobustScaler, SimpleImputer, StandardScaler } from '../data';
import { describe, rangeError, typeError } from '../errors';
import { shapeText } from '../shape';
import { notExportable } from './onnx-error';
import type { Graph } from './onnx-graph';
import type { GraphMemory } from './onnx-memory';
import type { Size } from './onnx-size';

/** The transformers that an ONNX file can begin with. */
export type OnnxPreprocessing = StandardScaler | MinMaxScaler | RobustScaler | SimpleImputer | Pipeline;

type Row = (values: readonly number[]) => string;

function standard(graph: Graph, { withMean, withStd, mean, scale }: StandardScaler, x: string, row: Row): string {
  const centred = withMean ? graph.node('Sub', [x, row(mean)]) : x;
  return withStd ? graph.node('Div', [centred, row(scale)]) : centred;
}

function robust(graph: Graph, { withCentering, withScaling, center, scale }: RobustScaler, x: string, row: Row): string {
  const centred = withCentering ? graph.node('Sub', [x, row(center)]) : x;
  return withScaling ? graph.node('Div', [centred, row(scale)]) : centred;
}

// The minimum is subtracted first: in float32, `x scale + min` would lose the digits in which large values of a narrow range differ.
function minMax(graph: Graph, { dataMin, scale, featureRange: [low, high], clip }: MinMaxScaler, x: string, row: Row): string {
  const fromZero = graph.node('Mul', [graph.node('Sub', [x, row(dataMin)]), row(scale)]);
  const placed = low === 0 ? fromZero : graph.node('Add', [fromZero, graph.float(low)]);
  return clip ? graph.node('Clip', [placed, graph.float(low), graph.float(high)]) : placed;
}

function imputed(where: string, graph: Graph, imputer: SimpleImputer, x: string, row: Row): string {
  const { statistics, missingValues, indicatorFeatures } = imputer;
  if (statistics.some((value) => typeof value === 'string'))
    throw notExportable(where, 'the imputer of preprocessing is of strings', 'apply it to the data');
  if (indicatorFeatures.length > 0) {
    throw notExportable(
      where,
      'the imputer of preprocessing adds columns, as addIndicator says',
      'without addIndicator, or applied to the data',
    );
  }
  const gone = statistics.indexOf(null);
  if (gone >= 0) {
    const hint = 'leave that column out of the data, or fit it with keepEmptyFeatures';
    throw notExportable(where, `the imputer of preprocessing leaves out column ${gone}, in which it has met no number`, hint);
  }
  const empty = graph.node('IsNaN', [x]);
  const marked = typeof missingValues === 'number' && Number.isFinite(missingValues) && Math.fround(missingValues) === missingValues;
  const missing = marked ? graph.node('Or', [empty, graph.node('Equal', [x, graph.float(missingValues)])]) : empty;
  return graph.node('Where', [missing, row(statistics as number[]), x]);
}

function stepsOf(where: string, given: unknown): Exclude<OnnxPreprocessing, Pipeline>[] {
  if (given instanceof Pipeline) return given.steps.flatMap(([, step]) => stepsOf(where, step));
  for (const Class of [StandardScaler, MinMaxScaler, RobustScaler, SimpleImputer]) if (given instanceof Class) return [given];
  throw typeError(
    where,
    `expected preprocessing to be a scaler, a SimpleImputer or a Pipeline of these, got ${describe(given)}`,
    'apply others to the data',
  );
}

/** The name of the first input after preprocessing. */
export function preprocess(
  where: string,
  graph: Graph,
  memory: GraphMemory,
  preprocessing: unknown,
  { input, isFloat, shape }: { input: string; isFloat: boolean; shape: readonly Size[] },
): string {
  if (preprocessing === null) return input;
  let value = input;
  for (const step of stepsOf(where, preprocessing)) {
    const columns = step.nFeaturesIn;
    const kind = step instanceof SimpleImputer ? 'imputer' : 'scaler';
    if (columns === 0) throw notExportable(where, `the ${kind} of preprocessing has not seen data yet`, 'call fit(x) first');
    if (shape.length !== 2 || shape[1]![0] !== columns) {
      throw rangeError(
        where,
        `expected an example [*, ${columns}] for the ${kind} of preprocessing, got ${shapeText(['*', ...shape.slice(1).map(([n]) => n)])}`,
      );
    }
    if (!isFloat) throw rangeError(where, `the ${kind} of preprocessing takes a float32 example, the first is int32`);
    const row: Row = (values) => graph.floats(Float32Array.from(values), [columns]);
    if (step instanceof StandardScaler) value = standard(graph, step, value, row);
    else if (step instanceof RobustScaler) value = robust(graph, step, value, row);
    else if (step instanceof MinMaxScaler) value = minMax(graph, step, value, row);
    else value = imputed(where, graph, step, value, row);
  }
  return value === input ? input : memory.shaped(value, shape);
}
