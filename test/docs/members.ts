// The members of a class with their doc comments: its own, and those that other files declare on it (`declare module '../tensor'`).
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Source } from './surface';

/** A public member of a class, such as `Tensor.matmul`. */
export interface Member {
  name: string;
  isStatic: boolean;
  doc: string;
}

interface Node {
  type: string;
  start: number;
  [field: string]: unknown;
}

const kinds = ['MethodDefinition', 'TSAbstractMethodDefinition', 'PropertyDefinition', 'TSMethodSignature', 'TSPropertySignature'];

// The members of a class's or an interface's body that have a doc comment and are not internal.
function documented(source: Source, body: readonly Node[]): Member[] {
  return body.flatMap((node): Member[] => {
    const key = node.key as { type: string; name: string } | undefined;
    const doc = source.docAbove(node.start);
    if (!kinds.includes(node.type) || key?.type !== 'Identifier' || key.name === 'constructor') return [];
    if (doc === null || doc.includes('@internal')) return [];
    return [{ name: key.name, isStatic: node.static === true, doc }];
  });
}

const bodyOf = (node: Node): readonly Node[] => ((node.body as { body?: readonly Node[] } | null)?.body ?? []) as readonly Node[];

function declarations(source: Source): Node[] {
  return (source.body as unknown as Node[]).flatMap((statement) => {
    const inner = (statement.declaration ?? statement) as Node;
    return inner.type === 'TSModuleDeclaration' ? [...bodyOf(inner)] : [inner];
  });
}

/** The public members of a class that files of the folder `src` declare, each once. */
export function membersOf(src: string, className: string): Member[] {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /(?<!\.d|\.generated)\.ts$/.test(name));
  const all = files.sort().flatMap((file) => {
    const source = new Source(join(src, file));
    return declarations(source)
      .filter((node) => ['ClassDeclaration', 'TSInterfaceDeclaration'].includes(node.type))
      .filter((node) => (node.id as { name: string }).name === className)
      .flatMap((node) => documented(source, bodyOf(node)));
  });
  return [...new Map(all.toReversed().map((member) => [member.name, member])).values()].reverse();
}
