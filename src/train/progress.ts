// Shows the progress of a fit on stderr: one line that is redrawn on a terminal, a few lines elsewhere.
import type { FitResult } from './options';
import { standardError } from './standard-error';

export interface Progress {
  /** `fraction` is the done part of the current epoch, `speed` is in samples per second. */
  update(result: FitResult, fraction: number, speed: number): void;
  end(): void;
}

/** Shows nothing. */
export const silent: Progress = { update() {}, end() {} };

const rounded = (x: number): string => (Number.isFinite(x) ? x.toPrecision(4) : String(x));

/** Loss and metrics of the last epoch. */
function figures({ loss, validationLoss, metrics }: FitResult): string {
  const parts: [string, number[]][] = [
    ['loss', loss],
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
  const write = (where: string, text: string, speed: number): void => {
    stream.write(`epoch ${where}: ${[text, samples(speed)].filter(Boolean).join(', ')}\n`);
    wrote = performance.now();
  };
  return {
    update(result, fraction, speed) {
      for (let epoch = shown + 1; epoch <= result.epochs; epoch++) {
        shown = epoch;
        if (epoch % every !== 0 && before + epoch !== epochs) continue;
        const until = { ...result, loss: result.loss.slice(0, epoch) };
        write(`${before + epoch}/${epochs}`, figures(until), speed);
      }
      if (fraction > 0 && performance.now() - wrote >= longSilence) {
        write(`${before + result.epochs + 1}/${epochs}, ${Math.floor(100 * fraction)} %`, figures(result), speed);
      }
    },
    end() {},
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
    update: (result, fraction, speed) =>
      line.update(Math.min(epochs, before + result.epochs + (Number.isFinite(fraction) ? fraction : 0)), {
        epoch: Math.min(epochs, before + result.epochs + 1),
        figures: figures(result),
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
