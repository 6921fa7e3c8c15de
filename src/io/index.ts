// The public names of `io`, nothing else.
export {
  type LoadSafetensorsOptions,
  loadSafetensors,
  type Safetensors,
  type SaveSafetensorsOptions,
  saveSafetensors,
} from './safetensors';
