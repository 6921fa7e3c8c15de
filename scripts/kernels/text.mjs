// Helpers that the generators share.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export const banner = '// Made by scripts/kernels.mjs from native/descriptions: do not edit.\n';

export const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

export const indent = (text, by = '  ') => text.replace(/^(?=.)/gm, by);

/** The arrays, sizes and other attributes of a call in order, and its flags, which are passed as one number after them. */
export function parametersOf({ operands, sizes, attributes }) {
  const flags = attributes.filter(({ kind }) => kind === 'flag');
  const all = [
    ...operands,
    ...sizes.map((size) => (typeof size === 'string' ? { kind: 'size', name: size } : size)),
    ...attributes.filter(({ kind }) => kind !== 'flag'),
  ];
  return flags.length > 0 ? [...all, { kind: 'flags', name: 'flags', flags }] : all;
}

/** Writes a file unless it has this text already, so that what depends on it is not rebuilt. Other processes may do the same at this moment. */
export function write(file, text) {
  const path = join(root, file);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  writeFileSync(own, text);
  renameSync(own, path);
}
