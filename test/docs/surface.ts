// What the package exports, with the doc comments, read off the source: the barrels are followed to the declarations.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'rolldown/utils';

/** A public name, such as `nn.Linear`. */
export interface PublicName {
  path: string;
  /** Its doc comment, null when it has none. */
  doc: string | null;
  /** A class or a function: something that an example can call. */
  callable: boolean;
}

interface Declaration {
  doc: string | null;
  callable: boolean;
}

type Program = ReturnType<typeof parseSync>['program'];
type Statement = Program['body'][number];

/** One source file, with the doc comment above any place in it. */
export class Source {
  readonly body: Statement[];
  private readonly docs: { end: number; text: string }[];
  private readonly text: string;

  constructor(readonly file: string) {
    this.text = readFileSync(file, 'utf8');
    const { program, comments, errors } = parseSync(file, this.text);
    if (errors.length > 0) throw new Error(`${file}: ${errors[0]!.message}`);
    this.body = program.body;
    this.docs = comments.filter((c) => c.type === 'Block' && c.value.startsWith('*')).map((c) => ({ end: c.end, text: c.value }));
  }

  /** The doc comment right above `start`. */
  docAbove(start: number): string | null {
    return this.docs.find(({ end }) => end <= start && this.text.slice(end, start).trim() === '')?.text ?? null;
  }

  /** A piece of the text. */
  textOf({ start, end }: { start: number; end: number }): string {
    return this.text.slice(start, end);
  }

  /** The names in the export lists, and the namespaces. */
  listed(): string[] {
    return this.body.flatMap((statement): string[] => {
      if (statement.type === 'ExportAllDeclaration') return statement.exported?.type === 'Identifier' ? [statement.exported.name] : [];
      if (statement.type !== 'ExportNamedDeclaration') return [];
      return statement.specifiers.flatMap(({ exported }) => (exported.type === 'Identifier' ? [exported.name] : []));
    });
  }

  /** The code of every `@example`, with the line that it begins on. */
  examples(): { line: number; code: string }[] {
    return this.docs.flatMap(({ end, text }) => {
      const lines = text.split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
      const first = this.text.slice(0, end).split('\n').length - lines.length + 1;
      return lines.flatMap((line, i) => {
        if (line.trim() !== '@example') return [];
        const rest = lines.slice(i + 1);
        const length = rest.findIndex((other) => /^@\w/.test(other));
        return [
          {
            line: first + i + 1,
            code: rest
              .slice(0, length < 0 ? undefined : length)
              .join('\n')
              .trim(),
          },
        ];
      });
    });
  }
}

const sources = new Map<string, Source>();

function sourceOf(file: string): Source {
  const source = sources.get(file) ?? new Source(file);
  sources.set(file, source);
  return source;
}

function resolve(from: Source, path: string): Source {
  const base = join(dirname(from.file), path);
  const file = [`${base}.ts`, join(base, 'index.ts')].find(existsSync);
  if (file === undefined) throw new Error(`${from.file}: ${path} is not there`);
  return sourceOf(file);
}

// The names that a statement declares.
function declaredBy(source: Source, statement: Statement): [string, Declaration][] {
  const inner = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
  const doc = source.docAbove(statement.start);
  switch (inner?.type) {
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
    case 'ClassDeclaration':
      return [[inner.id!.name, { doc, callable: true }]];
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      return [[inner.id.name, { doc, callable: false }]];
    case 'VariableDeclaration':
      return inner.declarations.flatMap(({ id }) =>
        id.type === 'Identifier' ? [[id.name, { doc, callable: false }] as [string, Declaration]] : [],
      );
    default:
      return [];
  }
}

function declarationOf(source: Source, name: string): Declaration {
  for (const statement of source.body) {
    if (statement.type === 'ExportNamedDeclaration' && statement.source !== null) {
      const specifier = statement.specifiers.find(({ exported }) => exported.type === 'Identifier' && exported.name === name);
      if (specifier?.local.type === 'Identifier') return declarationOf(resolve(source, statement.source.value), specifier.local.name);
    }
    if (statement.type === 'ExportAllDeclaration' && statement.exported === null) {
      const target = resolve(source, statement.source.value);
      if (namesOf(target).includes(name)) return declarationOf(target, name);
    }
  }
  // An overloaded function has its comment above one of the signatures.
  const found = source.body.flatMap((statement) => declaredBy(source, statement)).filter(([declared]) => declared === name);
  if (found.length === 0) throw new Error(`${source.file}: no declaration of ${name}`);
  return (found.find(([, { doc }]) => doc !== null) ?? found[0]!)[1];
}

// The exported names of a module, without its namespaces.
function namesOf(source: Source): string[] {
  return source.body.flatMap((statement): string[] => {
    if (statement.type === 'ExportAllDeclaration')
      return statement.exported === null ? namesOf(resolve(source, statement.source.value)) : [];
    if (statement.type !== 'ExportNamedDeclaration') return [];
    const listed = statement.specifiers.flatMap(({ exported }) => (exported.type === 'Identifier' ? [exported.name] : []));
    return [...listed, ...declaredBy(source, statement).map(([name]) => name)];
  });
}

/** Every name that the module `file` exports, those of its namespaces with the namespace's path in front. */
export function publicNames(file: string, values: Record<string, unknown>, prefix = ''): PublicName[] {
  const source = sourceOf(file);
  const names = [...new Set(namesOf(source))].map((name): PublicName => {
    const { doc, callable } = declarationOf(source, name);
    return { path: prefix + name, doc, callable: callable || typeof values[name] === 'function' };
  });
  const spaces = source.body.flatMap((statement): PublicName[] => {
    if (statement.type !== 'ExportAllDeclaration' || statement.exported?.type !== 'Identifier') return [];
    const { name } = statement.exported;
    const inner = publicNames(resolve(source, statement.source.value).file, values[name] as Record<string, unknown>, `${prefix}${name}.`);
    return [{ path: prefix + name, doc: source.docAbove(statement.start), callable: false }, ...inner];
  });
  return [...names, ...spaces];
}
