// Methods of torch.nn.Module that modules here do not have: calling one throws an error that says what to use instead.
import { typeError } from '../errors';
import { inPython, refuse, spelledHere } from '../hints';

const cpu = 'models stay on the processor: leave the call out';
const float32 = 'parameters are float32: leave the call out';
const absent: Readonly<Record<string, string>> = {
  cuda: cpu,
  cpu,
  xpu: cpu,
  ipu: cpu,
  mtia: cpu,
  to: `${cpu}; tensor.to("int32") converts a tensor`,
  toEmpty: cpu,
  float: float32,
  half: float32,
  double: float32,
  bfloat16: float32,
  type: float32,
  compile: 'compile((x) => model.forward(x)) of the package compiles',
  shareMemory: 'postMessage(stateDict) does not share tensors: send their data, and load it with loadStateDict()',
  registerBackwardHook: 'registerFullBackwardHook(hook)',
  registerStateDictPreHook: 'override stateDict()',
  registerStateDictPostHook: 'override stateDict()',
  registerLoadStateDictPreHook: 'override loadStateDict()',
  registerLoadStateDictPostHook: 'override loadStateDict()',
  setSubmodule: 'assign to the field, or registerModule(name, module) of the module that holds it',
};

// Names of several words in this library's spelling; people type them in Python's spelling from habit.
const spelled = [
  'addModule',
  'extraRepr',
  'getBuffer',
  'getExtraState',
  'getParameter',
  'getSubmodule',
  'loadStateDict',
  'namedBuffers',
  'namedChildren',
  'namedModules',
  'namedParameters',
  'registerBuffer',
  'registerForwardHook',
  'registerForwardPreHook',
  'registerFullBackwardHook',
  'registerFullBackwardPreHook',
  'registerModule',
  'registerParameter',
  'requiresGrad_',
  'setExtraState',
  'stateDict',
  'zeroGrad',
];

const all: Readonly<Record<string, string>> = {
  ...absent,
  ...Object.fromEntries(Object.entries(absent).map(([name, instead]) => [inPython(name), instead])),
  ...spelledHere(spelled),
};

/** Whether a name only has such an error, so that a field may have it. */
export const isAbsent = (name: string): boolean => Object.hasOwn(all, name);

/** Makes `prototype` throw for calls of these names. Fields of these names may be assigned. */
export function refuseAbsentNames(prototype: object): void {
  for (const [name, instead] of Object.entries(all)) {
    const refuse = function (this: object): never {
      throw typeError(`${this.constructor.name}.${name}`, 'there is no such method', instead);
    };
    Object.defineProperty(prototype, name, {
      get: () => refuse,
      set(value: unknown) {
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
      },
      configurable: true,
    });
  }
}

/** Makes `prototype` throw for Python's spelling of its methods' names. The names need not stay free, because these objects have no fields chosen by users. */
export const refusePythonNames = (prototype: object, names: readonly string[]): void =>
  refuse(prototype, (self) => self.constructor.name, spelledHere(names));
