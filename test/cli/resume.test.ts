// Runs of simdnn train that are killed or interrupted: one that goes on ends with the bits of one that was not.
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { folder } from '../io/files';
import { digits, interrupted, json, type Summary, simdnn, train, writeFlowers } from './cli';

const at = folder();
let flowers: string;
beforeAll(() => {
  flowers = writeFlowers(at('flowers.csv'));
});

const figures = ({ history, metrics, bestEpoch, stopped }: Summary) => {
  const { epochSeconds: _, ...others } = history;
  return { others, metrics, bestEpoch, stopped };
};

// Whether the checkpoint has been written anew `times` times since the call.
function written(path: string, times: number): () => boolean {
  const now = (): number => (existsSync(path) ? statSync(path).ino : 0);
  let [last, count] = [now(), 0];
  return () => {
    const ino = now();
    if (ino !== last) [last, count] = [ino, count + 1];
    return count >= times;
  };
}

describe('a run that is killed', () => {
  it.each([
    ['to the last epoch', ['--patience', '0', '--epochs', '80', '--dropout', '0.2', '--schedule', 'cosine']],
    ['until it stops early', ['--hidden', '128,64', '--optimizer', 'adam']],
  ])('goes on as if nothing had been, %s', async (_, options) => {
    const [model, other, checkpoint] = [at('whole.model'), at('killed.model'), at('run.safetensors')];
    rmSync(checkpoint, { force: true });
    const whole = train(digits, 'digit', '--model', model, ...options);
    const args = ['train', digits, '--target', 'digit', '--model', other, '--checkpoint', checkpoint, '--resume', '--json', ...options];
    let kills = 0;
    for (const times of [3, 2, 5]) {
      const { signal, stderr } = await interrupted(args, 'SIGKILL', written(checkpoint, times));
      expect(stderr).toBe('');
      if (signal === 'SIGKILL') kills++;
    }
    expect(kills).toBeGreaterThan(0);
    const resumed = json<Summary>(...args.filter((arg) => arg !== '--json'));
    expect(figures(resumed)).toEqual(figures(whole));
    expect(readFileSync(other).equals(readFileSync(model))).toBe(true);
  });
});

describe('a run that is interrupted', () => {
  it('ends with 130, keeps the model, and goes on', async () => {
    const [model, checkpoint] = [at('interrupted.model'), at('interrupted.safetensors')];
    const common = ['--patience', '0', '--epochs', '150', '--model', model, '--checkpoint', checkpoint];
    const args = ['train', digits, '--target', 'digit', '--json', ...common];
    const { status, stdout, stderr } = await interrupted(args, 'SIGINT', written(checkpoint, 3));
    expect([status, stderr]).toEqual([130, '\ninterrupted: the training ends here\n']);
    const summary = JSON.parse(stdout) as Summary;
    expect(summary.stopped).toBe('interrupted');
    expect(summary.history.loss.length).toBeLessThan(150);
    expect(json<{ metrics: Record<string, number> }>('evaluate', model, digits).metrics.accuracy).toBeGreaterThan(0.8);
    const resumed = train(digits, 'digit', ...common, '--resume');
    expect(figures(resumed)).toEqual(figures(train(digits, 'digit', '--patience', '0', '--epochs', '150')));
  });
});

describe('--resume', () => {
  const learn = (...options: string[]) => [
    ...['train', flowers, ...(options.includes('--target') ? [] : ['--target', 'species'])],
    ...['--checkpoint', at('c.safetensors'), ...options],
  ];

  it('begins where there is no checkpoint, and says so', () => {
    rmSync(at('c.safetensors'), { force: true });
    const { status, stdout } = simdnn(...learn('--resume', '--epochs', '4'));
    expect(status).toBe(0);
    expect(stdout).toContain(`there is no ${at('c.safetensors')} yet: begins with the first epoch`);
  });

  it('goes further than the run before', () => {
    const { stdout } = simdnn(...learn('--resume', '--epochs', '6'));
    expect(stdout).toContain(`goes on after epoch 4 of ${at('c.safetensors')}`);
    const resumed = json<Summary>(...learn('--resume', '--epochs', '9'));
    expect(figures(resumed)).toEqual(figures(train(flowers, 'species', '--epochs', '9')));
    expect(figures(json<Summary>(...learn('--resume', '--epochs', '9')))).toEqual(figures(resumed));
  });

  it.each([
    [['--lr', '0.5'], '--lr was 0.002 and is 0.5'],
    [['--seed', '3'], '--seed was 0 and is 3'],
    [['--hidden', '8'], 'is the checkpoint of a run with other options or of another file: --hidden was 64,32 and is 8\n'],
    [['--drop', 'sepal width'], 'column "sepal width" was number and is dropped\n'],
    [['--text', 'sepal width'], 'column "sepal width" was number and is '],
    [['--column', 'sepal width'], 'column "sepal length" was number and is not there; column "petal length" was number and is not there'],
    [['--optimizer', 'sgd', '--schedule', 'cosine'], '--optimizer was adamw and is sgd; --schedule was constant and is cosine\n'],
    [['--na', 'x'], '--na was NA,N/A,NaN,nan,null,NULL,? and is x\n'],
    [['--encoding', 'windows-1252'], '--encoding was utf-8 and is windows-1252\n'],
    [['--target', 'sepal width', '--task', 'regression'], '--target was species and is sepal width\n'],
  ])('refuses another run (%j)', (options, message) => {
    const { status, stderr } = simdnn(...learn('--resume', ...options));
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });

  it('refuses another file', () => {
    const other = writeFlowers(at('others.csv'), 120);
    const { status, stderr } = simdnn('train', other, '--target', 'species', '--checkpoint', at('c.safetensors'), '--resume');
    expect([status, stderr]).toEqual([1, expect.stringContaining('the file has changed')]);
  });
});
