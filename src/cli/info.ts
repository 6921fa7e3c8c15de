// simdnn info: describes this installation, or a model's file.
import { type Info, info } from '../index';
import { type Description, loadModel } from './model-file';
import { countParameters } from './network';
import { aligned, counted, say, sayJson } from './output';
import { categoriesOf } from './predict';

/** Runs the command. */
export async function infoCommand({ model: path, json }: { model: string | undefined; json: boolean }): Promise<number> {
  if (path === undefined) {
    const found = info();
    if (json) sayJson(found);
    else say(aligned(Object.entries(found as Info & Record<string, unknown>).map(([name, value]) => [name, textOf(value)])));
    return 0;
  }
  const model = await loadModel(path);
  const { network, description, classes } = model;
  const texts = Object.fromEntries(description.texts.map((name) => [name, categoriesOf(model, name)]));
  if (json) {
    sayJson({ file: path, ...description, classes, categories: texts, network: String(network), parameters: countParameters(network) });
    return 0;
  }
  say(`${path}: ${description.task} of ${description.target}, by simdnn ${description.version}`);
  if (classes !== null) say(`classes: ${classes.join(', ')}`);
  if (description.numbers.length > 0) say(`numbers: ${description.numbers.join(', ')}`);
  for (const [name, values] of Object.entries(texts)) say(`text ${name}: ${values.map((value) => value ?? '(none)').join(', ')}`);
  say(learnedFrom(description));
  say(`${counted(countParameters(network), 'parameter')}\n${network}`);
  return 0;
}

const learnedFrom = ({ sha256, seed }: Description): string => `learned from a file of SHA-256 ${sha256}, seed ${seed}`;

const textOf = (value: unknown): string => (Array.isArray(value) ? value.join(', ') || 'none' : value === null ? 'none' : String(value));
