// Names of scikit-learn that transformers do not have.
import { describe, expect, it } from 'vitest';
import { data } from '../../../src';
import '../../../src/missing';
import { tensor } from '../../../src/ops';

const read = (object: object, name: string) => () => (object as Record<string, unknown>)[name];
const scaler = new data.StandardScaler().fit(tensor([[1], [3]]));

describe("scikit-learn's spelling", () => {
  it.each<[object, string, string]>([
    [scaler, 'fit_transform', 'it is called fitTransform here'],
    [scaler, 'inverse_transform', 'it is called inverseTransform here'],
    [scaler, 'get_feature_names_out', 'it is called getFeatureNamesOut here'],
    [scaler, 'mean_', 'it is called mean here'],
    [scaler, 'n_samples_seen_', 'it is called nSamplesSeen here'],
    [scaler, 'n_features_in_', 'it is called nFeaturesIn here'],
    [scaler, 'partial_fit', 'fit(x) learns from all rows at once'],
    [scaler, 'partialFit', 'fit(x) learns from all rows at once'],
    [new data.MinMaxScaler(), 'data_min_', 'it is called dataMin here'],
    [new data.RobustScaler(), 'center_', 'it is called center here'],
    [new data.OneHotEncoder(), 'infrequent_categories_', 'it is called infrequentCategories here'],
    [new data.OrdinalEncoder(), 'categories_', 'it is called categories here'],
    [new data.LabelEncoder(), 'classes_', 'it is called classes here'],
    [new data.SimpleImputer(), 'indicator_', 'indicatorFeatures has the numbers'],
    [new data.CountVectorizer(), 'vocabulary_', 'it is called vocabulary here'],
    [new data.TfidfVectorizer(), 'idf_', 'it is called idf here'],
    [new data.Pipeline([['scale', scaler]]), 'named_steps', 'steps has the steps'],
    [new data.ColumnTransformer([['scale', scaler, [0]]]), 'named_transformers_', 'transformers has the parts'],
  ])('%o.%s says what to use', (object, name, hint) => {
    expect(read(object, name)).toThrow(`[${object.constructor.name}.${name}] there is no such property\n  hint: ${hint}`);
  });

  it('does not come between a transformer and its state', () => {
    expect(Object.keys(scaler)).not.toContain('mean_');
    expect(data.fromState(JSON.parse(JSON.stringify(data.toState(scaler))))).toEqual(scaler);
    expect(structuredClone(scaler.stateDict())).toEqual(scaler.stateDict());
  });

  // Every attribute that a hint names is there.
  it('names nothing that is not there', () => {
    for (const Class of [
      data.StandardScaler,
      data.MinMaxScaler,
      data.RobustScaler,
      data.OneHotEncoder,
      data.OrdinalEncoder,
      data.SimpleImputer,
    ]) {
      const made = new Class();
      for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(Class.prototype))) {
        if (get === undefined || name in Object.getOwnPropertyDescriptors(made)) continue;
        let message = '';
        try {
          get.call(made);
        } catch (error) {
          message = (error as Error).message;
        }
        const [, called] = /it is called (\w+) here/.exec(message) ?? [];
        if (called !== undefined) expect([name, called in made]).toEqual([name, true]);
      }
    }
  });
});

it.each(['make_pipeline', 'FeatureUnion', 'Normalizer', 'KNNImputer', 'LabelBinarizer', 'HashingVectorizer'])(
  'data.%s says what is there',
  (name) => {
    expect(read(data, name)).toThrow(`[data.${name}] there is no such property\n  hint: `);
  },
);
