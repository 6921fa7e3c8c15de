// What `require` loads: the public names, and hints for others. Those of `import` are a module's own, to which nothing can be added.
import { refuseMissing } from './missing';

export * from './index';

declare const exports: object;
refuseMissing(exports);
