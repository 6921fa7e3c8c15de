// Shows the progress of a fit on stderr: one line that is redrawn on a terminal, a few lines elsewhere.
import type { FitResult } from './options';
import type { Segment } from './segment';
import { standardError } from './standard-error';

/** The batches done in the epoch under way, and the sum of their losses. */
type Under = Pick<Segment, 'batch' | 'lossSum'>;

export interface Progress {
  /** `fraction` is the done part of the epoch under way, 0 if its number of batches is not known; `speed` is in samples per second. */
  update(result: FitResult, under: Under, fraction: number, speed: number): void;
  end(): void;
}

/** Shows nothing. */
export const silent: Progress = { update() {}, end() {} };

const rounded = (x: number): string => (Number.isFinite(x) ? x.toPrecision(4) : String(x));

// The mean loss of the batches done in the epoch under way, if there are any, and the other figures of the last epoch.
function figures({ loss, validationLoss, metrics }: FitResult, { batch, lossSum }: Under): string {
  const parts: [string, number[]][] = [
    ['loss', batch > 0 ? [lossSum / batch] : loss],
    ...(validationLoss ? [['validation loss', validationLoss] as [string, number[]]] : []),
    ...Object.entries(metrics),
  ];
  return parts.flatMap(([name, values]) => (values.length > 0 ? [`${name} ${rounded(values.at(-1)!)}`] : [])).join(', ');
}

const samples = (speed: number): string => `${Math.round(speed).toLocaleString('en')} samples/s`;

const longSilence = 10_000; // in milliseconds; a longer epoch has several lines

function lineProgress(before: number, epochs: number): Progress {
  const every = Math.ceil((epochs - before) / 20);
  const stream = standardError();
  let shown = 0;
  let wrote = performance.now();
  /** Writes the line of the last epoch, if it has none yet: a fit may end before the epochs that were requested. */
  let writeRest: (() => void) | null = null;
  const write = (where: string, text: string, speed: number): void => {
    stream.write(`epoch ${where}: ${[text, samples(speed)].filter(Boolean).join(', ')}\n`);
    wrote = performance.now();
  };
  const hasLine = (epoch: number): boolean => epoch % every === 0 || before + epoch === epochs;
  const writeEpoch = (epoch: number, result: FitResult, speed: number): void =>
    write(`${before + epoch}/${epochs}`, figures(result, { batch: 0, lossSum: 0 }), speed);
  return {
    update(result, under, fraction, speed) {
      for (let epoch = shown + 1; epoch <= result.epochs; epoch++) {
        shown = epoch;
        if (hasLine(epoch)) writeEpoch(epoch, { ...result, loss: result.loss.slice(0, epoch) }, speed);
      }
      writeRest = hasLine(result.epochs) ? null : () => writeEpoch(result.epochs, result, speed);
      if (under.batch > 0 && performance.now() - wrote >= longSilence) {
        const done = fraction > 0 ? `${Math.floor(100 * fraction)} %` : `batch ${under.batch.toLocaleString('en')}`;
        write(`${before + result.epochs + 1}/${epochs}, ${done}`, figures(result, under), speed);
      }
    },
    end: () => writeRest?.(),
  };
}

// Does not hide the cursor or change the wrapping of lines, because nothing would restore them if the process is killed.
function barProgress(before: number, epochs: number): Progress {
  const { SingleBar } = require('cli-progress') as typeof import('cli-progress');
  const line = new SingleBar({
    format: 'epoch {epoch}/{total} [{bar}] {figures} | {speed} | {eta_formatted} left',
    stream: standardError() as unknown as NodeJS.WritableStream,
    hideCursor: false,
    linewrap: true,
    clearOnComplete: false,
    gracefulExit: false,
    etaBuffer: 50,
  });
  // So that what the shell writes after `process.exit` begins on a new line.
  const end = (): void => {
    process.off('exit', end);
    line.stop();
  };
  process.on('exit', end);
  line.start(epochs, before, { epoch: 0, figures: '', speed: '' });
  return {
    update: (result, under, fraction, speed) =>
      line.update(Math.min(epochs, before + result.epochs + (Number.isFinite(fraction) ? fraction : 0)), {
        epoch: Math.min(epochs, before + result.epochs + 1),
        figures: figures(result, under),
        speed: samples(speed),
      }),
    end,
  };
}

/** The progress display for epochs after `before`. */
export function startProgress(wanted: boolean, before: number, epochs: number): Progress {
  if (!wanted) return silent;
  return standardError().isTTY ? barProgress(before, epochs) : lineProgress(before, epochs);
}
