// scikit-learn's spelling of what transformers have, and methods of it that they do not have: reading one says what to use.
import { hintsOf, inPython, refuse, spelledHere } from '../../hints';
import { ColumnTransformer } from './column-transformer';
import { CountVectorizer } from './count-vectorizer';
import { LabelEncoder } from './label-encoder';
import { MinMaxScaler } from './min-max-scaler';
import { OneHotEncoder } from './one-hot-encoder';
import { OrdinalEncoder } from './ordinal-encoder';
import { Pipeline } from './pipeline';
import { RobustScaler } from './robust-scaler';
import { SimpleImputer } from './simple-imputer';
import { StandardScaler } from './standard-scaler';
import { TfidfTransformer } from './tfidf-transformer';
import { TfidfVectorizer } from './tfidf-vectorizer';

const common = 'nFeaturesIn featureNamesIn';
const categories = `${common} categories infrequentCategories`;

// The classes with their learned attributes, which have an underscore at the end there.
const attributes: readonly (readonly [Class: { readonly prototype: object; readonly name: string }, names: string])[] = [
  [StandardScaler, `${common} mean var scale nSamplesSeen`],
  [MinMaxScaler, `${common} min scale dataMin dataMax dataRange nSamplesSeen`],
  [RobustScaler, `${common} center scale`],
  [OneHotEncoder, `${categories} dropIdx`],
  [OrdinalEncoder, categories],
  [LabelEncoder, 'classes'],
  [SimpleImputer, `${common} statistics`],
  [CountVectorizer, 'vocabulary'],
  [TfidfTransformer, `${common} idf`],
  [TfidfVectorizer, 'vocabulary idf'],
  [Pipeline, ''],
  [ColumnTransformer, `${common} transformers sparseOutput`],
];

const absent = hintsOf([
  ['fit(x) learns from all rows at once', 'partial_fit'],
  ['options are those of the constructor', 'set_params'],
  ['results are tensors, or rows with strings; getFeatureNamesOut() has the names of their columns', 'set_output'],
  ['steps has the steps with their names', 'named_steps'],
  ['transformers has the parts with their names', 'named_transformers_'],
  ['indicatorFeatures has the numbers of the columns with indicators', 'indicator_'],
]);

for (const [{ prototype, name }, list] of attributes) {
  const learned = list.split(' ').filter((one) => one !== '');
  const own = [...Object.getOwnPropertyNames(prototype), ...learned];
  const underscored = Object.fromEntries(learned.map((one) => [`${inPython(one)}_`, `it is called ${one} here`]));
  refuse(prototype, () => name, { ...spelledHere(own), ...underscored, ...absent });
}
