// PyTorch's names that the namespaces do not have: reading one says what to use. This file comes after all that has names.
import * as data from './data';
import * as autograd from './grad';
import { type Hints, hintsOf, inCamel, inPython, refuseIn, spelledHere } from './hints';
import * as linalg from './linalg';
import * as metrics from './metrics';
import * as nn from './nn';
import { tensorHints, tensorNames } from './ops/missing';
import * as optim from './optim';
import { Tensor } from './tensor';

const images = 'layers are dense: there are none for images, sequences or other neighbours in space';
const recurrent = 'layers are dense: there are no recurrent ones';
const attention = 'layers are dense: attention is put together from Linear, matmul() and softmax()';
const cpu = 'everything is on the CPU: leave it out';
const padded = 'nn.functional.pad(x, sizes, { mode, value }) pads';
const types = 'the element types are float32 and int32';
const quantized = 'there is no quantization: the element types are float32 and int32';
const sparse = 'tensors are dense; data.CsrArray and nn.SparseLinear are for sparse rows';
const windows = 'there are no signals: make a tensor of the numbers with tensor(data)';
const speech = 'there are no metrics of text, sound or images';
const singular = 'there are no eigenvalues and no singular values: linalg has solve, inv, det, slogdet, cholesky, qr, matrixExp and norms';
const derivative = 'autograd.grad(outputs, inputs) gives gradients; there are none of gradients';

const layers = (): Hints =>
  hintsOf([
    [
      images,
      'AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d AvgPool1d AvgPool2d AvgPool3d ChannelShuffle Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d CrossMapLRN2d Dropout2d Dropout3d Fold FractionalMaxPool2d FractionalMaxPool3d LPPool1d LPPool2d LPPool3d LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d LocalResponseNorm MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d PixelShuffle PixelUnshuffle Softmax2d Unfold Upsample UpsamplingBilinear2d UpsamplingNearest2d',
    ],
    [recurrent, 'CTCLoss GRU GRUCell LSTM LSTMCell RNN RNNBase RNNCell RNNCellBase'],
    [attention, 'MultiheadAttention Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer'],
    [
      'layers are dense: BatchNorm1d, GroupNorm, LayerNorm and RMSNorm are there',
      'BatchNorm2d BatchNorm3d InstanceNorm1d InstanceNorm2d InstanceNorm3d LazyBatchNorm2d LazyBatchNorm3d LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d SyncBatchNorm',
    ],
    [
      padded,
      'CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d',
    ],
    [cpu, 'DataParallel'],
    ['Module, Sequential, ModuleList and ModuleDict hold modules', 'Container'],
    ['NLLLoss takes inputs with further dimensions', 'NLLLoss2d'],
    ['parameters and buffers are made with their shapes', 'UninitializedBuffer UninitializedParameter'],
    ['LinearCrossEntropyLoss takes its options as an object', 'LinearCrossEntropyOptions'],
    [attention, 'attention'],
    ['its classes are in nn itself', 'modules parameter'],
  ]);

const functions = (): Hints =>
  hintsOf([
    [
      images,
      'adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d affine_grid avg_pool1d avg_pool2d avg_pool3d channel_shuffle conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d dropout2d dropout3d fold fractional_max_pool2d fractional_max_pool3d grid_sample interpolate local_response_norm lp_pool1d lp_pool2d lp_pool3d max_pool1d max_pool2d max_pool3d max_unpool1d max_unpool2d max_unpool3d pixel_shuffle pixel_unshuffle unfold upsample upsample_bilinear upsample_nearest',
    ],
    [recurrent, 'ctc_loss'],
    [attention, 'multi_head_attention_forward scaled_dot_product_attention'],
    ['batchNorm, groupNorm, layerNorm and rmsNorm are there', 'instance_norm'],
    ['matmul() of each pair multiplies', 'grouped_mm scaled_mm scaled_grouped_mm'],
  ]);

const ofUtils = (): Hints =>
  hintsOf([
    ['it is called clipGradNorm_ here', 'clip_grad_norm'],
    ['parametrize.registerParametrization(module, name, mask) multiplies a parameter by a mask', 'prune'],
    ['model.clone() and loadStateDict() give a module other parameters', 'stateless'],
    [recurrent, 'rnn'],
    ['fuseLinearBnEval(linear, batchNorm) makes one layer of both', 'fuse_linear_bn_weights'],
    [images, 'convert_conv2d_weight_memory_format convert_conv3d_weight_memory_format fuse_conv_bn_eval fuse_conv_bn_weights'],
  ]);
const initial = (): Hints => ({
  ...Object.fromEntries(
    'constant eye kaiming_normal kaiming_uniform normal orthogonal sparse uniform xavier_normal xavier_uniform'
      .split(' ')
      .map((name) => [name, `it is called ${inCamel(name)}_ here`]),
  ),
  ...hintsOf([[images, 'dirac dirac_']]),
});

const measures = (): Hints =>
  hintsOf([
    [
      speech,
      'BLEUScore CHRFScore CharErrorRate ComplexScaleInvariantSignalNoiseRatio ErrorRelativeGlobalDimensionlessSynthesis ExtendedEditDistance MatchErrorRate ModifiedPanopticQuality MultiScaleStructuralSimilarityIndexMeasure PanopticQuality PeakSignalNoiseRatio PermutationInvariantTraining RelativeAverageSpectralError RootMeanSquaredErrorUsingSlidingWindow SQuAD SacreBLEUScore ScaleInvariantSignalDistortionRatio ScaleInvariantSignalNoiseRatio SignalDistortionRatio SignalNoiseRatio SpectralAngleMapper SpectralDistortionIndex StructuralSimilarityIndexMeasure TotalVariation TranslationEditRate UniversalImageQualityIndex WordErrorRate WordInfoLost WordInfoPreserved',
    ],
    ['MetricCollection holds several metrics', 'MultitaskWrapper'],
    ['ConfusionMatrix gives the counts of which it is made', 'BinaryFairness BinaryGroupStatRates'],
    ['extend Metric', 'BaseAggregator'],
    ['metrics are classes: update(preds, target), then compute()', 'functional'],
    ['its classes are in metrics itself', 'aggregation classification regression retrieval wrappers'],
    ['it is called RetrievalNormalizedDCG here', 'NDCG NormalizedDCG RetrievalNDCG'],
    ['it is called RetrievalMRR here', 'MRR'],
    ['it is called RetrievalMAP here', 'MAP'],
    ['RetrievalPrecision and RetrievalRecall are there, for one topK', 'RetrievalPrecisionRecallCurve RetrievalRecallAtFixedPrecision'],
  ]);

// BinaryAUROC is AUROC({ task: "binary" }).
const ofTasks = (hints: Hints): Hints =>
  Object.fromEntries(
    ['Binary', 'Multiclass', 'Multilabel'].flatMap((task) => [
      ...Object.entries(hints).map(([name, hint]) => [task + name, hint] as const),
      ...Object.keys(metrics).map((name) => [task + name, `${name}({ task: "${task.toLowerCase()}" }) is it`] as const),
    ]),
  );

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: it is one table
const ofPackage = (): Hints =>
  hintsOf([
    [
      'dtype: "float32" and dtype: "int32" are the element types',
      'dtype finfo iinfo float float32 float64 int int32 int64 long double half bool',
    ],
    [types, 'bfloat16 float16 complex64 complex128 cfloat cdouble int8 int16 uint8 can_cast promote_types result_type'],
    [
      'tensor(data) makes tensors',
      'FloatTensor IntTensor LongTensor DoubleTensor HalfTensor BoolTensor ByteTensor CharTensor ShortTensor BFloat16Tensor asarray from_numpy frombuffer from_dlpack from_file scalar_tensor',
    ],
    [
      'data is the typed array on the memory of a tensor',
      'Storage FloatStorage StorageBase TypedStorage UntypedStorage is_storage to_dlpack',
    ],
    [
      cpu,
      'cuda device Event Stream get_default_device set_default_device set_default_tensor_type get_device_module mps xpu accelerator backends',
    ],
    ['the element type of tensor() is float32; { dtype: "int32" } makes the other', 'get_default_dtype set_default_dtype'],
    [types, 'autocast get_autocast_dtype set_autocast_dtype set_autocast_enabled is_autocast_enabled GradScaler amp'],
    [
      quantized,
      'choose_qparams_optimized fake_quantize_per_channel_affine fake_quantize_per_tensor_affine quantize_per_channel quantize_per_tensor quantize_per_tensor_dynamic empty_quantized',
    ],
    [
      sparse,
      'sparse sparse_bsc_tensor sparse_bsr_tensor sparse_compressed_tensor sparse_coo_tensor sparse_csc_tensor sparse_csr_tensor spmm dsmm hsmm hspmm saddmm',
    ],
    ['there are no complex numbers', 'complex polar view_as_complex view_as_real'],
    [
      'results are the same for any number of threads: leave it out',
      'are_deterministic_algorithms_enabled is_deterministic_algorithms_warn_only_enabled use_deterministic_algorithms get_deterministic_debug_mode set_deterministic_debug_mode',
    ],
    ['setNumThreads(n) and getNumThreads() are there', 'get_num_interop_threads set_num_interop_threads init_num_threads'],
    ['io.saveSafetensors, io.saveModel and io.saveCheckpoint write files', 'save'],
    ['io.loadSafetensors, io.loadModel and io.loadCheckpoint read files', 'load'],
    ['manualSeed(seed) and getRngState() are there', 'seed initial_seed Generator default_generator random'],
    ['tensors have logit(), sinc(), erf(), xlogy() and others, nn.functional has softmax(x, dim)', 'special'],
    ['maskedFill(mask, value), maskedSelect(mask) and where(mask, a, b) are there', 'masked nested'],
    ['noGrad(() => ...) records nothing', 'inference_mode is_inference_mode_enabled no_grad'],
    ['x instanceof Tensor asks it', 'is_tensor'],
    ['the shape of a tensor is an array of numbers', 'Size'],
    ['x.numel is the number of elements', 'numel'],
    ['toString() shows a tensor', 'set_printoptions typename'],
    ['map over an array, or give the function a whole batch', 'vmap func'],
    ['write if, for and while in JavaScript', 'cond while_loop'],
    ['compile(fn) makes a recording', 'jit fx export fork wait'],
    [windows, 'bartlett_window blackman_window hamming_window hann_window kaiser_window fft stft istft'],
    ['bernoulli(p), multinomial(weights, n), normal(mean, std) and randint(high, shape) draw', 'binomial poisson distributions'],
    ['arange(start, end, step) leaves the end out', 'range'],
    ['empty(shape) is contiguous', 'empty_permuted empty_strided memory_format'],
    ['x.fill_(value) fills; full(shape, value) makes one', 'fill'],
    ['norm(p) of a tensor', 'frobenius_norm nuclear_norm'],
    [singular, 'lobpcg lu_unpack matrix_rank pca_lowrank svd_lowrank'],
    ['bucketize(x, boundaries) and oneHot() count', 'histogramdd'],
    ['it is called atleast1d here', 'atleast_1d'],
    ['it is called atleast2d here', 'atleast_2d'],
    ['it is called atleast3d here', 'atleast_3d'],
    ['vstack(tensors) is it', 'row_stack'],
    ['trapezoid(y, x, { dx }) is it', 'trapz'],
    ['indexAdd() adds up segments', 'segment_reduce'],
    [
      'nn.functional.dropout(x, p, training), alphaDropout() and featureAlphaDropout() are there',
      'dropout_ alpha_dropout_ feature_dropout feature_dropout_ feature_alpha_dropout_',
    ],
    ['nn.functional.klDiv(input, target) is it', 'kl_div'],
    ['nn.functional.pad(x, sizes, { value }) is it', 'constant_pad_nd'],
    [recurrent, 'gru gru_cell lstm lstm_cell rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell'],
    [images, 'affine_grid_generator convolution grid_sampler grid_sampler_2d grid_sampler_3d'],
    ['train.fit runs on threads of its own', 'multiprocessing distributed'],
    ['io.exportOnnx(path, model, { example }) writes a file', 'onnx'],
    ['data.DataLoader, nn.utils and io.tensorBoard are there', 'utils'],
  ]);

const ofLinearAlgebra = (): Hints =>
  hintsOf([
    [singular, 'cond eig eigh eigvals eigvalsh lstsq matrix_rank pinv svd svdvals'],
    [
      'solve(A, B), inv(A), det(A) and cholesky(A) work by elimination, whose factors they keep to themselves',
      'ldl_factor ldl_factor_ex ldl_solve lu lu_factor lu_factor_ex lu_solve',
    ],
    ['it is there without a flag, and throws: leave out the _ex', 'cholesky_ex inv_ex solve_ex'],
    ['solve(A, B) takes triangular matrices as well', 'solve_triangular'],
    ['qr(A) gives the product of its reflections as Q', 'householder_product'],
    ['chainMatmul(...matrices) of the package is it', 'multi_dot'],
    ['reshape() makes matrices of tensors: inv(A) and solve(A, B)', 'tensorinv tensorsolve'],
    ['x.mul(y).sum(dim) is it', 'vecdot'],
    ['it is vander of the package', 'vander'],
  ]);

const ofGradients = (): Hints =>
  hintsOf([
    [derivative, 'gradgradcheck functional forward_ad'],
    ['tensor.backward() is it', 'backward'],
    ['a function of operations that are there has its gradient by itself', 'Function'],
    ['a tensor with requiresGrad: true is it', 'Variable variable'],
    ['compare with differences: the operations of the library are tested so', 'gradcheck detect_anomaly set_detect_anomaly'],
    ['it is noGrad of the package', 'no_grad inference_mode'],
  ]);

const ofData = (): Hints =>
  hintsOf([
    ['loaders have no worker processes, and everything runs on one machine', 'DistributedSampler get_worker_info'],
    ['defaultCollate makes tensors of samples', 'default_convert'],
    ['new data.Pipeline([[name, transformer], ...]) applies transformers in sequence', 'make_pipeline'],
    ['new data.ColumnTransformer([[name, transformer, columns], ...]) applies them side by side', 'make_column_transformer FeatureUnion'],
    [
      'the scalers are StandardScaler, MinMaxScaler and RobustScaler; calculate other columns before',
      'Binarizer FunctionTransformer KBinsDiscretizer MaxAbsScaler Normalizer PolynomialFeatures PowerTransformer QuantileTransformer SplineTransformer',
    ],
    ['OneHotEncoder, OrdinalEncoder and LabelEncoder are there', 'LabelBinarizer MultiLabelBinarizer TargetEncoder'],
    ['SimpleImputer is there, with addIndicator', 'IterativeImputer KNNImputer MissingIndicator'],
    ['CountVectorizer and TfidfVectorizer are there', 'HashingVectorizer DictVectorizer FeatureHasher'],
    ['IterableDataset gives samples one after the other', 'DFIterDataPipe DataChunk IterDataPipe MapDataPipe functional_datapipe'],
  ]);

/** Where the names of other namespaces are, for those who look for them in this one. */
function elsewhere(spaces: Record<string, object>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [path, space] of Object.entries(spaces)) {
    for (const name of Object.keys(space)) for (const spelled of [name, inPython(name)]) found[spelled] ??= `it is ${path}.${name} here`;
  }
  return found;
}

// torch.add(x, y) is x.add(y).
const methods = (): Hints =>
  Object.fromEntries(
    tensorNames
      .filter((name) => !(name in Object.prototype) && name !== 'toJSON')
      .flatMap((name) => {
        const isMethod = typeof Object.getOwnPropertyDescriptor(Tensor.prototype, name)?.value === 'function';
        return [name, inPython(name)].map((spelled) => [spelled, `tensors have it: x.${name}${isMethod ? '(...)' : ''}`]);
      }),
  );

const inNn = { 'nn.functional': nn.functional, 'nn.init': nn.init, 'nn.utils': nn.utils };
const inUtils = { 'nn.utils.parametrizations': nn.utils.parametrizations, 'nn.utils.parametrize': nn.utils.parametrize };
const inOptim = { 'optim.lrScheduler': optim.lrScheduler, 'optim.swaUtils': optim.swaUtils };
const spaces: Record<string, readonly [space: object, hints: () => Hints]> = {
  nn: [nn, () => ({ ...elsewhere(inNn), ...layers() })],
  'nn.functional': [nn.functional, () => ({ ...methods(), ...elsewhere({ nn }), ...functions() })],
  'nn.init': [nn.init, initial],
  'nn.utils': [nn.utils, () => ({ ...elsewhere(inUtils), ...ofUtils() })],
  'nn.utils.parametrizations': [nn.utils.parametrizations, () => ({})],
  'nn.utils.parametrize': [nn.utils.parametrize, () => ({})],
  linalg: [linalg, () => ({ ...methods(), ...ofLinearAlgebra() })],
  optim: [optim, () => elsewhere(inOptim)],
  'optim.lrScheduler': [optim.lrScheduler, () => elsewhere({ optim })],
  'optim.swaUtils': [optim.swaUtils, () => elsewhere({ optim })],
  metrics: [metrics, () => ({ ...ofTasks(measures()), ...measures() })],
  data: [data, ofData],
  autograd: [autograd, ofGradients],
};
for (const [path, [space, hints]] of Object.entries(spaces))
  refuseIn(space, path, () => ({ ...hints(), ...spelledHere(Object.keys(space)) }));

/** Has the package itself refuse the names that it does not have. */
export function refuseMissing(all: object): void {
  const there = { linalg, nn, ...inNn, optim, ...inOptim, data, metrics, autograd };
  refuseIn(all, 'simdnn', () => ({
    ...tensorHints,
    ...functions(),
    ...methods(),
    ...elsewhere(there),
    ...ofPackage(),
    ...spelledHere(Object.keys(all)),
  }));
}
