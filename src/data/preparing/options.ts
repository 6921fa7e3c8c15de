// The options of transformers: those of scikit-learn that they do not have say why.
import { describe, typeError, withDefaults } from '../../errors';

const files = 'documents are strings: read the files first, Buffer.toString(encoding)';
const functions = 'a file cannot store a function: prepare the texts before';

const absent: Readonly<Record<string, string>> = {
  copy: 'the result always has memory of its own',
  dtype: 'results are float32, and those of a LabelEncoder int32; to() converts them',
  nJobs: 'transformers run one after the other',
  verbose: 'nothing is printed meanwhile',
  memory: 'each step is fitted once, and nothing is cached',
  transformInput: 'steps have no further inputs',
  transformerWeights:
    'scale the columns of that part: a Pipeline with a MinMaxScaler as its last step, or the first layer learns their weights',
  featureNameCombiner: 'names are column_category; map getFeatureNamesOut() to others',
  input: files,
  encoding: files,
  decodeError: files,
  preprocessor: functions,
  tokenizer: `${functions}, or use tokenPattern`,
};

const inCamel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** `options` with their defaults; refuses others, and says of scikit-learn's what is there in their place. */
export function preparingOptions<T extends object>(where: string, options: Partial<T> | undefined, defaults: T): T {
  if (options !== null && typeof options === 'object') {
    const name = Object.keys(options).find((one) => !Object.hasOwn(defaults, one) && Object.hasOwn(absent, inCamel(one)));
    if (name !== undefined) throw typeError(where, `there is no option ${describe(name)}`, absent[inCamel(name)]);
  }
  return withDefaults(where, options, defaults);
}
