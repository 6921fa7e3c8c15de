export type { ColumnData, Features, Row, TableLike } from './columns';
export { type Label, LabelEncoder, type LabelEncoderState } from './label-encoder';
export { MinMaxScaler, type MinMaxScalerOptions } from './min-max-scaler';
export { RobustScaler, type RobustScalerOptions } from './robust-scaler';
export type { Cell } from './sorting';
export { StandardScaler, type StandardScalerOptions, type StandardScalerState } from './standard-scaler';
export type { Json, PreparingState } from './state';
export type { Transformer } from './transformer';
