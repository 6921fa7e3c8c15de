export { type ArrowTable, fromArrow } from './arrow';
export { type ArrowBatchesOptions, arrowBatches, type ReadArrow } from './arrow-batches';
export { BatchSampler, type BatchSamplerOptions } from './batch-sampler';
export { type Collated, defaultCollate } from './collate';
export { ConcatDataset } from './concat-dataset';
export { CsrArray, type CsrArrayOptions, type CsrParts } from './csr-array';
export { type CsvData, type ReadCsvOptions, readCsv, readTable } from './csv';
export { CsvBatches, type CsvBatchesOptions, csvBatches } from './csv-batches';
export type { CsvOptions } from './csv-dialect';
export type { TableSource } from './csv-source';
export { Dataset, Subset, TensorDataset } from './dataset';
export { DistributedSampler, type DistributedSamplerOptions } from './distributed-sampler';
export { ChainDataset, IterableDataset } from './iterable-dataset';
export { type Fold, type KFoldOptions, kFold } from './k-fold';
export { DataLoader } from './loader';
export type { DataLoaderOptions } from './loader-options';
export type { DataLoaderState } from './loader-state';
export { type ReadParquetOptions, readParquet } from './parquet';
export { type ParquetBatchesOptions, parquetBatches } from './parquet-batches';
export {
  type Categories,
  type Cell,
  type ClassWeightOptions,
  type ColumnData,
  type ColumnInfo,
  type ColumnSelection,
  ColumnTransformer,
  type ColumnTransformerOptions,
  CountVectorizer,
  type CountVectorizerOptions,
  computeClassWeight,
  type Documents,
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
  OrdinalEncoder,
  type OrdinalEncoderOptions,
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
  type TextOptions,
  TfidfTransformer,
  type TfidfTransformerOptions,
  TfidfVectorizer,
  type TfidfVectorizerOptions,
  type Transformer,
  toState,
} from './preparing';
export { randomSplit } from './random-split';
export type { RowBatchesOptions } from './row-batches';
export {
  RandomSampler,
  type RandomSamplerOptions,
  Sampler,
  SequentialSampler,
  type Sized,
  SubsetRandomSampler,
} from './samplers';
export { type Stackable, StackDataset, type Stacked } from './stack-dataset';
export { type Column, type NumberColumn, Table, type TableTensors, type TextColumn, type ToTensorsOptions } from './table';
export { TableBatches } from './table-batches';
export { type Splits, type Splittable, type TrainTestSplitOptions, trainTestSplit } from './train-test-split';
export type { Mark, Marks } from './values';
export { WeightedRandomSampler, type WeightedRandomSamplerOptions } from './weighted-sampler';
