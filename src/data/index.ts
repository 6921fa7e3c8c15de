export { type ArrowTable, fromArrow } from './arrow';
export type { Collated } from './collate';
export { type CsvData, type ReadCsvOptions, readCsv, readTable } from './csv';
export { CsvBatches, type CsvBatchesOptions, csvBatches } from './csv-batches';
export type { CsvOptions } from './csv-dialect';
export type { TableSource } from './csv-source';
export { Dataset, Subset, TensorDataset } from './dataset';
export { DataLoader, type DataLoaderOptions } from './loader';
export { type ReadParquetOptions, readParquet } from './parquet';
export {
  type Categories,
  type Cell,
  type ClassWeightOptions,
  type ColumnData,
  ColumnTransformer,
  type ColumnTransformerOptions,
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
  type Part,
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
export { type Column, type NumberColumn, Table, type TableTensors, type TextColumn, type ToTensorsOptions } from './table';
