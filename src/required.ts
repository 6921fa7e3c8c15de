// The entry for `require`: the public names, and hints for names that do not exist. The namespace of an ES module has no such hints, because it cannot be changed.
import { refuseMissing } from './missing';

export * from './index';

declare const exports: object;
refuseMissing(exports);
