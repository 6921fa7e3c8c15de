// Generates code from native/descriptions: C++ in native/generated, TypeScript in files src/**/*.generated.ts.
import { writeCpp } from './kernels/cpp.mjs';
import { writePublic } from './kernels/public.mjs';
import { writeTypeScript } from './kernels/typescript.mjs';

writeCpp();
writeTypeScript();
writePublic();
