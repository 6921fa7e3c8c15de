// Options of scikit-learn 1.9 that transformers do not have: an error says what is there instead.
import { describe, expect, it } from 'vitest';
import * as data from '../../../src/data';

type Make = new (...args: unknown[]) => object;
const scale = [['scale', new data.StandardScaler()]];
const columns = [['scale', new data.StandardScaler(), [0]]];
const texts = ['input', 'encoding', 'decode_error', 'preprocessor', 'tokenizer', 'dtype'];

// Each class's own options besides those with the names that it has here.
const absent: Record<string, { Class: unknown; args?: unknown[]; names: string[] }> = {
  StandardScaler: { Class: data.StandardScaler, names: ['copy'] },
  MinMaxScaler: { Class: data.MinMaxScaler, names: ['copy'] },
  RobustScaler: { Class: data.RobustScaler, names: ['copy'] },
  OneHotEncoder: { Class: data.OneHotEncoder, names: ['dtype', 'feature_name_combiner'] },
  OrdinalEncoder: { Class: data.OrdinalEncoder, names: ['dtype'] },
  SimpleImputer: { Class: data.SimpleImputer, names: ['copy'] },
  CountVectorizer: { Class: data.CountVectorizer, names: texts },
  TfidfVectorizer: { Class: data.TfidfVectorizer, names: texts },
  ColumnTransformer: { Class: data.ColumnTransformer, args: [columns], names: ['n_jobs', 'transformer_weights', 'verbose'] },
  Pipeline: { Class: data.Pipeline, args: [scale], names: ['transform_input', 'memory', 'verbose'] },
};
const inCamel = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

describe.each(Object.entries(absent))('%s', (name, { Class, args = [], names }) => {
  it.each(names)('says what is there in place of %s', (option) => {
    for (const spelled of new Set([option, inCamel(option)])) {
      expect(() => new (Class as Make)(...args, { [spelled]: true })).toThrow(
        new RegExp(`^\\[${name}\\] there is no option "${spelled}"\\n  hint: .{20,}$`),
      );
    }
  });
});

// What its constructor takes, as inspect.signature() shows it.
const signatures: Record<string, string> = {
  StandardScaler: 'copy with_mean with_std',
  MinMaxScaler: 'feature_range copy clip',
  RobustScaler: 'with_centering with_scaling quantile_range copy unit_variance',
  OneHotEncoder: 'categories drop sparse_output dtype handle_unknown min_frequency max_categories feature_name_combiner',
  OrdinalEncoder: 'categories dtype handle_unknown unknown_value encoded_missing_value min_frequency max_categories',
  SimpleImputer: 'missing_values strategy fill_value copy add_indicator keep_empty_features',
  CountVectorizer:
    'input encoding decode_error strip_accents lowercase preprocessor tokenizer stop_words token_pattern ngram_range analyzer max_df min_df max_features vocabulary binary dtype',
  TfidfVectorizer:
    'input encoding decode_error strip_accents lowercase preprocessor tokenizer analyzer stop_words token_pattern ngram_range max_df min_df max_features vocabulary binary dtype norm use_idf smooth_idf sublinear_tf',
  TfidfTransformer: 'norm use_idf smooth_idf sublinear_tf',
};

it.each(Object.entries(signatures))('%s has every other option', (name, signature) => {
  const Class = (data as unknown as Record<string, new () => { getParams(): object }>)[name]!;
  const own = Object.keys(new Class().getParams());
  const theirs = signature.split(' ').filter((option) => !absent[name]?.names.includes(option));
  expect(own.sort()).toEqual(theirs.map(inCamel).sort());
});
