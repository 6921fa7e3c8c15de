// Modules whose parameters are not initialised, because they are about to be loaded.
import { describe, typeError } from '../errors';
import { Module } from './module';
import { skippingStart } from './starting';

/**
 * A module of a class, made with its constructor, but for the initial values of its parameters: `torch.nn.utils.skip_init`.
 *
 * No function of `nn.init` fills anything while the constructor runs, and no random numbers are drawn by them, which is faster where a state dict is loaded right
 * away. Until then parameters hold zeros or whatever their memory held. A class that needs `new` is given as it is, its arguments after it. What the constructor
 * fills in other ways, such as buffers, is filled, where PyTorch leaves all of it as the memory was.
 *
 * A TypeError for what is no class of modules.
 *
 * @example
 * const layer = nn.utils.skipInit(nn.Linear, 3, 2, { bias: false });
 * layer.loadStateDict({ weight: ones([2, 3]) });
 * layer.forward(ones([1, 3])).toArray(); // [[3, 3]]
 */
export function skipInit<A extends unknown[], M extends Module>(moduleClass: new (...args: A) => M, ...args: A): M {
  if (typeof moduleClass !== 'function' || !(moduleClass.prototype instanceof Module)) {
    throw typeError('utils.skipInit', `expected a class of modules, got ${describe(moduleClass)}`, 'skipInit(nn.Linear, 3, 2)');
  }
  return skippingStart(() => new moduleClass(...args));
}
