// The public functions of simdnn/kernels: src/kernels/<family>.generated.ts, a function for each kernel whose description has a `doc`.
import { elements, enumerations, families } from '../../native/descriptions/index.mjs';
import { banner, camel, write } from './text.mjs';

const arrayType = ({ type, optional }) =>
  elements[type].arrays.join(' | ').replace('Float32Array | Int32Array', 'TensorData') + (optional ? ' | null' : '');
const variable = (name) => camel(name).replace(/^in$/, 'in_');
const publicName = ({ as, name }) => as ?? camel(name);
const lower = (name) => name[0].toLowerCase() + name.slice(1);

const docText = (text, example) =>
  example === undefined && !text.includes('\n')
    ? `/** ${text} */`
    : [
        '/**',
        ...[...text.split('\n'), ...(example ? ['', '@example', ...example.split('\n')] : [])].map((line) => ` * ${line}`.trimEnd()),
        ' */',
      ].join('\n');

const typeOf = (p) => {
  if (p.kind === 'array') return arrayType(p);
  return { flag: 'boolean', choice: p.enumeration }[p.kind] ?? 'number';
};
const fallbackOf = (p) => {
  if (p.kind === 'array') return p.optional ? `null as ${arrayType(p)}` : 'undefined';
  if (p.kind === 'choice') return `'${p.fallback}' as ${p.enumeration}`;
  return p.fallback === undefined ? `undefined as ${typeOf(p)} | undefined` : String(p.fallback);
};
const isRequired = (p) => (p.kind === 'array' ? !p.optional : p.fallback === undefined);

// The checks of an attribute in the public function, before the kernel's own.
function checkOf(where, p, value) {
  const at = `'${where}', '${publicName(p)}', ${value}`;
  if (p.kind === 'flag') return `checkBoolean(${at});`;
  if (p.kind === 'choice') return `checkOneOf(${at}, ${lower(p.enumeration)}Values);`;
  if (p.kind === 'integer' && p.fallback !== undefined) return `checkInteger(${at}, -(2 ** 31), 2 ** 31 - 1);`;
  if (p.kind === 'counter' && p.least !== undefined) return `checkInteger(${at}, ${p.least});`;
  if (p.kind === 'real' && p.least !== undefined) return `checkNumber(${at}, ${p.least}, ${p.most});`;
  return null;
}

// The fields of the options of a public function: an option that sets several flags replaces them.
function fieldsOf(k, names) {
  const all = [...k.operands, ...k.attributes];
  return names.map((name) =>
    k.sets && name in k.sets ? { kind: 'flag', name, fallback: false, doc: k.sets[name] } : all.find((p) => p.name === name),
  );
}

const interfaceText = (name, doc, fields) => `${docText(doc)}
export interface ${name} {
${fields.map((p) => `  /** ${p.doc} */\n  ${publicName(p)}${isRequired(p) ? '' : '?'}: ${typeOf(p)};`).join('\n')}
}`;

function derivedText(where, k, expression) {
  const [, array] = expression.match(/^(\w+)\.length$/) ?? [];
  if (array === undefined) return expression;
  const { type } = k.operands.find(({ name }) => name === array);
  return `lengthOf('${where}', '${array}', ${array}, ${elements[type].arrays[0]})`;
}

function functionText(k) {
  const where = camel(k.name);
  const results = k.results ? fieldsOf(k, k.results.slice(2)) : [];
  const options = k.options ? fieldsOf(k, k.options.slice(2)) : [];
  const visible = k.attributes.filter((a) => !a.internal && !options.includes(a) && !(a.set && k.sets));
  const operands = k.operands.filter((o) => !results.includes(o) && !options.includes(o));
  const sizes = k.sizes.filter((s) => !((s.name ?? s) in k.derived));
  const parameters = [
    ...(k.results ? [`${k.results[0].endsWith('Gradients') ? 'gradients' : 'outputs'}: ${k.results[0]}`] : []),
    ...operands.map((o) => `${variable(o.name)}: ${arrayType(o)}`),
    ...sizes.map((s) => (typeof s === 'string' ? `${variable(s)}: number` : `${s.name}: Int32Array`)),
    ...visible.map((a) => (a.fallback === undefined ? `${variable(a.name)}: number` : `${variable(a.name)} = ${a.fallback}`)),
    ...(k.options ? [`options${options.some(isRequired) ? '' : '?'}: ${k.options[0]}`] : []),
  ];
  const body = [];
  if (k.results) {
    const defaults = results.map((p) => `${publicName(p)}: ${isRequired(p) ? 'undefined' : 'null'}`).join(', ');
    const names = results.map(publicName).join(', ');
    body.push(`const { ${names} } = withDefaults<Partial<${k.results[0]}>>('${where}', ${parameters[0].split(':')[0]}, { ${defaults} });`);
  }
  if (k.options) {
    body.push(`const o = withDefaults('${where}', options, { ${options.map((p) => `${publicName(p)}: ${fallbackOf(p)}`).join(', ')} });`);
  }
  for (const p of options) body.push(checkOf(where, p, `o.${publicName(p)}`));
  for (const p of visible) body.push(checkOf(where, p, variable(p.name)));
  for (const [condition, message] of k.asks) body.push(`if (${condition}) throw rangeError('${where}', '${message}');`);
  const [first, ...others] = k.oneType ?? [];
  for (const name of others) body.push(`checkSameKind('${where}', ${first}, ${name}, '${name}');`);

  const field = (p) => {
    const name = camel(p.name);
    if (results.includes(p)) return `${name}: ${publicName(p)}!`;
    if (options.includes(p)) return `${name}: o.${publicName(p)}${isRequired(p) ? '!' : ''}`;
    if (p.set && k.sets) return `${name}: o.${p.set}`;
    return name === variable(p.name) ? name : `${name}: ${variable(p.name)}`;
  };
  const sizeField = (s) => {
    const name = s.name ?? s;
    if (name in k.derived) return `${name}: ${derivedText(where, k, k.derived[name])}`;
    return field({ name });
  };
  const fields = [...k.operands.map(field), ...k.sizes.map(sizeField), ...k.attributes.filter((a) => !a.internal).map(field)];
  body.push(`calls.${where}({ ${fields.join(', ')} });`);
  return `${docText(k.doc, k.example)}
export function ${where}(${parameters.join(', ')}): void {
${body
  .filter(Boolean)
  .map((line) => `  ${line}`)
  .join('\n')}
}`;
}

const importable = {
  '../errors': ['checkBoolean', 'checkInteger', 'checkNumber', 'checkOneOf', 'rangeError', 'withDefaults'],
  '../kernels.generated': Object.keys(enumerations).flatMap((name) => [`type ${name}`, `${lower(name)}Values`]),
  '../memory': ['type TensorData'],
  './checks': ['checkSameKind', 'lengthOf'],
};

function imports(text) {
  const used = (name) => new RegExp(`\\b${name.replace('type ', '')}\\b`).test(text);
  const lines = Object.entries(importable).map(([file, names]) => {
    const wanted = names.filter(used);
    return wanted.length > 0 ? `import { ${wanted.join(', ')} } from '${file}';\n` : '';
  });
  return `import * as calls from '../calls.generated';\n${lines.join('')}`;
}

export function writePublic() {
  write(
    'src/kernels/all.generated.ts',
    `${banner}${Object.keys(families)
      .sort()
      .map((family) => `export * from './${family}.generated';\n`)
      .join('')}`,
  );
  for (const [family, kernels] of Object.entries(families)) {
    const described = kernels.filter(({ doc }) => doc !== undefined);
    const interfaces = new Map();
    for (const k of described) {
      for (const object of [k.results, k.options]) {
        if (object && !interfaces.has(object[0]))
          interfaces.set(object[0], interfaceText(object[0], object[1], fieldsOf(k, object.slice(2))));
      }
    }
    const text = [...interfaces.values(), ...described.map(functionText)].join('\n\n');
    write(`src/kernels/${family}.generated.ts`, `${banner}${imports(text)}\n${text}\n`);
  }
}
