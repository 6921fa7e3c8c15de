"""Makes fixtures/namespaces.json.gz: the public names of PyTorch and torchmetrics. Run with a Python that has both."""
import gzip
import inspect
import json
import os
import re
import types

import torch
import torch.nn.utils.parametrizations
import torch.optim.swa_utils
import torchmetrics

# What PyTorch's own code and its compilers use, and what belongs to other devices.
INTERNAL = re.compile(
    r"^_|^(cudnn|miopen|mkldnn|fbgemm|native|quantized|sym|q|parse|import|batch_norm|thread|unify|merge|conv_|norm_except|embedding_renorm)_"
    r"|_copy$|_(with_indices|torch_function\w*)$|(Type|Storage|Tensor|Guard|Callable|Iterator|Logger|LoggerBase|Builder|State|Stats|Config|Key|KeySet|Kind|Context|Module|ModuleType)$"
    r"|^(Script|Sym|PyTorchFile|Exec)|autocast_|anomaly|vulkan|warn_always|cxx11|profiler|multiprocessing_env|file_path|boolean_dispatch|int_or_pair"
)
STRAY = {
    "AcceleratorError AliasDb Argument ArgumentSpec Block BufferDict CallStack Capsule Code CompilationUnit CompleteArgumentSpec DeepCopyMemoTable "
    "DisableTorchFunction DisableTorchFunctionSubclass ErrorReport ExecutionPlan FatalError FileCheck FunctionSchema Future Gradient Graph IODescriptor "
    "JITException ModuleDict Node OperatorInfo OutOfMemoryError ParameterDict StreamObjType DeviceObjType Tag ThroughputBenchmark Type Use Value "
    "classproperty broadcast_shapes hash_tensor channel_shuffle fused_moving_avg_obs_fake_quant unfold conv_tbc layout is_storage "
    "Optional DType ScalingType SwizzleType Literal ParamSpec TypeVar Enum Any Counter Self SupportsFloat TypedDict bisect_right cast override partial "
    "ref wraps deepcopy contextmanager Sequence Mapping OpaqueBase Parameter factory_kwargs package_available dim_zero_cat rank_zero_warn Union overload "
    "auto instance_norm rnn_relu rnn_relu_cell swap_in_optimizer_params_and_state get_swap_module_params_on_conversion is_opaque_reference_type "
    "is_traceable_wrapper_subclass transfer_parametrizations_and_params type_before_parametrizations fork wait"
}
STRAY = set(" ".join(STRAY).split())


def public(module, names=None):
    found = []
    for name in sorted(set(names or dir(module))):
        value = getattr(module, name, None)
        if not (callable(value) and not isinstance(value, types.ModuleType)) or INTERNAL.search(name) or name in STRAY:
            continue
        found.append(name)
    return found


metrics = [name for space in (torchmetrics, torchmetrics.classification, torchmetrics.regression, torchmetrics.retrieval) for name in space.__all__]
names = {
    "": public(torch),
    "nn": public(torch.nn),
    "nn.functional": public(torch.nn.functional),
    "nn.init": public(torch.nn.init),
    "nn.utils": public(torch.nn.utils),
    "nn.utils.parametrizations": public(torch.nn.utils.parametrizations, ["orthogonal", "spectral_norm", "weight_norm"]),
    "nn.utils.parametrize": ["cached", "is_parametrized", "register_parametrization", "remove_parametrizations", "ParametrizationList"],
    "linalg": [name for name in public(torch.linalg) if name != "LinAlgError"],
    "optim": public(torch.optim),
    "optim.lrScheduler": [name for name in public(torch.optim.lr_scheduler, torch.optim.lr_scheduler.__all__)],
    "optim.swaUtils": public(torch.optim.swa_utils, torch.optim.swa_utils.__all__),
    "metrics": [name for name in sorted(set(metrics)) if inspect.isclass(getattr(torchmetrics, name, None)) or name[0].isupper()],
    "data": [name for name in torch.utils.data.__all__ if not INTERNAL.search(name) and "runtime" not in name and name not in
             {"argument_validation", "functional_datapipe", "guaranteed_datapipes_determinism", "non_deterministic"}],
    "autograd": ["Function", "Variable", "backward", "detect_anomaly", "grad", "gradcheck", "gradgradcheck", "set_detect_anomaly"],
}

path = os.path.join(os.path.dirname(__file__), "fixtures", "namespaces.json.gz")
with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as file:
    file.write(json.dumps(names, separators=(",", ":")).encode())
print(sum(map(len, names.values())), "names,", os.path.getsize(path), "bytes")
