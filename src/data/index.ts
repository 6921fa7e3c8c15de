export type { Collated } from './collate';
export { type CsvData, type ReadCsvOptions, readCsv } from './csv';
export { Dataset, Subset, TensorDataset } from './dataset';
export { type Label, LabelEncoder, type LabelEncoderState } from './labels';
export { DataLoader, type DataLoaderOptions } from './loader';
export { StandardScaler, type StandardScalerState } from './scaler';
export { randomSplit, type TrainTestSplitOptions, trainTestSplit } from './split';
