// The C++ side: native/generated.
import { elements, enumerations, families, kernels, lengths, structs, unaryFunctions } from '../../native/descriptions/index.mjs';
import { banner, camel, indent, parametersOf, write } from './text.mjs';

// --- kernels.h: enumerations, structs of attributes, the table ---------------------------------

const cTypes = { real: 'double', integer: 'int32_t', counter: 'uint64_t', flag: 'bool' };
const typeOf = ({ kind, enumeration }) => (kind === 'choice' ? enumeration : cTypes[kind]);
const defaultOf = ({ kind, enumeration, fallback }) =>
  kind === 'choice' ? `${enumeration}::${fallback ?? 'none'}` : String(fallback ?? 0);

const enums = Object.entries(enumerations).map(
  ([name, { values, doc }]) =>
    `// ${doc}\nenum class ${name} : int32_t { ${values.join(', ')} };\nconstexpr int32_t k${name}Count = ${values.length};`,
);

const structOf = ({ name, struct }) => struct ?? `${camel(`_${name}`)}Attributes`;
const withAttributes = kernels.filter(({ attributes, struct }) => attributes.length > 0 || struct);
const structFields = new Map(withAttributes.map((k) => [structOf(k), structs[structOf(k)] ?? k.attributes]));
const structTexts = [...structFields].map(
  ([name, fields]) => `struct ${name} {\n${indent(fields.map((f) => `${typeOf(f)} ${f.name} = ${defaultOf(f)};`).join('\n'))}\n};`,
);

// Literals in a formula saturate as well.
const formula = (text) => text.replace(/\b\d+\b/g, 'Count($&)');
const lengthTexts = Object.entries(lengths).map(
  ([name, { parameters, formula: text }]) =>
    `constexpr Count ${name}(${parameters.map((p) => `Count ${p}`).join(', ')}) { return ${formula(text)}; }`,
);

const arrayType = ({ role, type }) => `${role === 'in' ? 'const ' : ''}${elements[type].c}*`;
const hasStruct = (k) => k.attributes.length > 0 || k.struct !== null;
const declared = (k) => [
  'Run& run',
  ...k.operands.map((o) => `${arrayType(o)} ${o.name}`),
  ...k.sizes.map((s) => (typeof s === 'string' ? `size_t ${s}` : `const Layout& ${s.name}`)),
  ...(hasStruct(k) ? [`const ${structOf(k)}& attributes`] : []),
];

const kernelsHeader = `${banner}#pragma once
#include <cstddef>
#include <cstdint>

#include "support/layout.h"
#include "support/run.h"

namespace simdnn {

${enums.join('\n\n')}

${structTexts.join('\n\n')}

// Lengths that formulas use by name.
constexpr Count roundUp(Count n, size_t to) { return Count((n + Count(to - 1)) / to) * Count(to); }
constexpr Count reduced(Count n, Reduction reduction) { return reduction == Reduction::none ? n : Count(1); }
${lengthTexts.join('\n')}

// The kernels of a target.
struct KernelTable {
${indent(kernels.map((k) => `void (*${k.name})(${declared(k).join(', ')});`).join('\n'))}
};

}  // namespace simdnn
`;

// --- calls.inc: for each kernel the code that reads and checks its arguments, calls it, and writes the call as data ------

const readers = { size: 'size', layout: 'layout', real: 'real', integer: 'int32', counter: 'counter' };
const memberTypes = { size: 'Count', layout: 'Layout', real: 'double', integer: 'int32_t', counter: 'uint64_t', flags: 'uint32_t' };

function memberOf(p) {
  const name = `"${camel(p.name)}"`;
  if (p.kind === 'array') {
    const { c } = elements[p.type];
    const type = p.role === 'in' ? `const ${c}` : c;
    return [`Array<${type}>`, `reader.${p.optional ? 'optional_array' : 'array'}<${type}>(${name}, k_${p.type})`];
  }
  if (p.kind === 'choice') return [p.enumeration, `reader.choice<${p.enumeration}>(${name}, k${p.enumeration}Count)`];
  if (p.kind === 'flags') return [memberTypes.flags, `reader.flags(${name}, ${p.flags.length})`];
  return [memberTypes[p.kind], `reader.${readers[p.kind]}(${name})`];
}

// The arguments of the call in C++; `of` gives the text of one.
function argumentsOf(k, of) {
  const parameters = parametersOf(k);
  const plain = parameters.filter(({ kind }) => ['array', 'size', 'layout'].includes(kind)).map(of);
  if (!hasStruct(k)) return plain;
  const flags = parameters.find(({ kind }) => kind === 'flags');
  const fields = k.attributes.map((a) => (a.kind === 'flag' ? `(${of(flags)} & ${1 << flags.flags.indexOf(a)}) != 0` : of(a)));
  return [...plain, `{${fields.join(', ')}}`];
}

const slotFields = { size: 'size', counter: 'size', real: 'real', integer: 'integer', flags: 'integer' };
function slotOf(k) {
  const parameters = parametersOf(k);
  return (p) => {
    const slot = `s[${parameters.findIndex(({ name }) => name === p.name)}]`;
    if (p.kind === 'array') return `static_cast<${arrayType(p)}>(${slot}.pointer)`;
    if (p.kind === 'layout') return `*${slot}.layout`;
    if (p.kind === 'choice') return `static_cast<${p.enumeration}>(${slot}.integer)`;
    return `${slot}.${slotFields[p.kind]}`;
  };
}

const writers = { size: 'size', counter: 'size', real: 'real', integer: 'integer', layout: 'layout' };
function writerOf(p) {
  if (p.kind === 'array') return `w.pointer(${p.name}.data, ${formula(p.length)}, ${p.role !== 'in'});`;
  if (p.kind === 'choice' || p.kind === 'flags') return `w.integer(static_cast<int32_t>(${p.name}));`;
  return `w.${writers[p.kind]}(${p.name});`;
}

function callOf(k) {
  const parameters = parametersOf(k);
  const members = parameters.map((p) => [p, ...memberOf(p)]);
  const member = (p) => (p.kind === 'array' ? `${p.name}.data` : p.name);
  const checks = k.operands.map((o) => `reader.fits(${o.name}, "${camel(o.name)}", "${o.length}", ${formula(o.length)});`);
  return `struct ${k.name}_call {
  static constexpr const char* kName = "${camel(k.name)}";
${members.map(([p, type]) => `  ${type} ${p.name};`).join('\n')}
  explicit ${k.name}_call(Reader& reader)
      : ${members.map(([p, , reading]) => `${p.name}(${reading})`).join(',\n        ')} {
${indent(checks.join('\n'), '    ')}
  }
  void run_with(const KernelTable& table, Run& run) const {
    table.${k.name}(${['run', ...argumentsOf(k, member)].join(', ')});
  }
  void write(SlotWriter& w) const {
${indent(parameters.map(writerOf).join('\n'), '    ')}
  }
  static void invoke(const KernelTable& table, Run& run, const Slot* s) {
    table.${k.name}(${['run', ...argumentsOf(k, slotOf(k))].join(', ')});
  }
};`;
}

const elementTexts = Object.entries(elements).map(([name, { arrays, napi }]) => {
  const expected = arrays.map((array) => `${/^[AEIO]/.test(array) ? 'an' : 'a'} ${array}`).join(' or ');
  return `constexpr ElementType k_${name}{"${expected}", ${napi.map((type) => `1u << ${type}`).join(' | ')}};`;
});

// --- benches.inc: rows of the native benchmark, from a kernel's sizes, for kernels without rows of their own ---

const roles = { in: 'read', out: 'written', inout: 'updated' };
const shapesOf = { n: 'kFlat', 'rows classes': 'kTables', 'rows columns': 'kTables', 'outer n inner': 'kReduced' };

function benchOf(family, k) {
  const shapes = shapesOf[k.sizes.join(' ')];
  if (shapes === undefined) return '';
  const values = k.attributes.map((a) => (a.kind === 'choice' ? defaultOf(a) : String(a.fallback ?? (a.kind === 'real' ? 0.5 : 1))));
  const choices = k.attributes.flatMap((a, i) => (a.kind === 'choice' ? [`[[maybe_unused]] const auto ${a.name} = ${values[i]};`] : []));
  const pointer = (o) => `${o.name}.${{ float32: 'data', int32: 'ints', any: 'words' }[o.type]}()`;
  return `static void bench_${k.name}(const Bench& bench) {
  for (const Shape& shape : ${shapes}) {
    const size_t ${k.sizes.map((size, i) => `${size} = shape.sizes[${i}]`).join(', ')};
${choices.map((line) => `    ${line}\n`).join('')}    Floats ${k.operands.map((o) => `${o.name}(${o.length})`).join(', ')};
    const Traffic traffic = traffic_of({${k.operands
      .filter((o) => !o.unread)
      .map((o) => `{${o.length}, Role::${roles[o.role]}}`)
      .join(', ')}});
    Run run(bench.threads);
    row(bench, "${k.name}", shape.text(), traffic, [&] {
      bench.kernel.${k.name}(${['run', ...k.operands.map(pointer), ...k.sizes, ...(hasStruct(k) ? [`{${values.join(', ')}}`] : [])].join(', ')});
    });
  }
}
static const RegisterDescribed described_${k.name}("${family}", "${k.name}", bench_${k.name});`;
}

export function writeCpp() {
  write('native/generated/kernels.h', kernelsHeader);
  write('native/generated/prototypes.inc', `${banner}${kernels.map((k) => `void ${k.name}(${declared(k).join(', ')});\n`).join('')}`);
  write('native/generated/names.def', `${banner}${kernels.map(({ name }) => `NAME(${name})\n`).join('')}#undef NAME\n`);
  write(
    'native/generated/unary.def',
    `${banner}${Object.keys(unaryFunctions)
      .map((name) => `UNARY(${name})\n`)
      .join('')}#undef UNARY\n`,
  );
  write(
    'native/generated/benches.inc',
    `${banner}${Object.entries(families)
      .flatMap(([family, kernels]) => kernels.map((k) => benchOf(family, k)))
      .filter(Boolean)
      .join('\n\n')}\n`,
  );
  write('native/generated/calls.inc', `${banner}${[elementTexts.join('\n'), ...kernels.map(callOf)].join('\n\n')}\n`);
}
