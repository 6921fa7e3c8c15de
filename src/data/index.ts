export type { Collated } from './collate';
export { type CsvData, type ReadCsvOptions, readCsv } from './csv';
export { Dataset, Subset, TensorDataset } from './dataset';
export { DataLoader, type DataLoaderOptions } from './loader';
export {
  type Categories,
  type Cell,
  type ClassWeightOptions,
  type ColumnData,
  computeClassWeight,
  type Features,
  fromState,
  type Imputed,
  type Json,
  type Label,
  LabelEncoder,
  type LabelEncoderState,
  MinMaxScaler,
  type MinMaxScalerOptions,
  OneHotEncoder,
  type OneHotEncoderOptions,
  Pipeline,
  type PreparingState,
  RobustScaler,
  type RobustScalerOptions,
  type Row,
  type Savable,
  type SavedTransformer,
  SimpleImputer,
  type SimpleImputerOptions,
  StandardScaler,
  type StandardScalerOptions,
  type StandardScalerState,
  type Steps,
  type TableLike,
  type Transformer,
  toState,
} from './preparing';
export { randomSplit, type TrainTestSplitOptions, trainTestSplit } from './split';
