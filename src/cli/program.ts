// The commands and their options, as commander needs them; each command's code is in a file of its own.
import { Command, Option } from 'commander';
import { setNumThreads, version } from '../index';
import { benchCommand } from './bench';
import { evaluateCommand } from './evaluate';
import { exportCommand } from './export';
import { infoCommand } from './info';
import { activations, optimizers } from './network';
import { collect, integer, number, separator, sizes } from './parsers';
import { predictCommand } from './predict';
import { type Dialect, usualMissing } from './table';
import { trainCommand } from './train';
import { schedules, type TrainOptions, trainDefaults } from './train-options';

const json = (): Option => new Option('--json', 'print one JSON document; progress is shown on a terminal only');
const threads = (): Option =>
  new Option('--threads <n>', 'the number of threads that a calculation may use (default: all processors)').argParser(integer(1, 1024));

// How a file is written. With an existing model, options that are not given are those of its training.
function addDialect(command: Command): Command {
  return command
    .optionsGroup('How the file is written:')
    .option('--delimiter <text>', 'the text between two values, "\\t" for tabs (default: ",")', separator)
    .addOption(new Option('--decimal <mark>', 'the decimal point (default: ".")').choices(['.', ',']))
    .option('--no-header', 'the first row has values, not names: the columns are "0", "1", ...')
    .option('--na <text>', `a text that stands for a missing value; may be repeated (default: ${usualMissing.join(', ')})`, collect)
    .addOption(new Option('--encoding <name>', 'the encoding (default: "utf-8")').choices(['utf-8', 'windows-1252']));
}

interface DialectFlags {
  delimiter?: string;
  decimal?: '.' | ',';
  header: boolean;
  na?: string[];
  encoding?: 'utf-8' | 'windows-1252';
}

const givenDialect = ({ delimiter, decimal, header, na, encoding }: DialectFlags): Partial<Dialect> => ({
  ...(delimiter !== undefined && { delimiter }),
  ...(decimal !== undefined && { decimal }),
  ...(!header && { header }),
  ...(na !== undefined && { na }),
  ...(encoding !== undefined && { encoding }),
});

const dialectOf = (flags: DialectFlags): Dialect => ({
  delimiter: ',',
  decimal: '.',
  header: true,
  na: usualMissing,
  encoding: 'utf-8',
  ...givenDialect(flags),
});

type TrainFlags = Omit<TrainOptions, 'file' | 'dialect' | 'columns' | 'drop' | 'text' | 'resume'> &
  DialectFlags & {
    column?: string[];
    drop?: string[];
    text?: string[];
    resume?: boolean;
    json?: boolean;
    quiet?: boolean;
    threads?: number;
  };

function addTrain(program: Command, done: (code: number) => void): void {
  const d = trainDefaults;
  const command = program
    .command('train')
    .description('train a model on a CSV file: types of columns are found, rows held out, the best epoch kept')
    .argument('<file>', 'a CSV file whose first row names the columns')
    .requiredOption('--target <column>', 'the column to be predicted')
    .optionsGroup('The data:')
    .addOption(
      new Option('--task <task>', 'default: classification if the target is text or has few different integers').choices([
        'classification',
        'regression',
      ]),
    )
    .option('--column <name>', 'an input; may be repeated (default: all columns that can be used)', collect)
    .option('--drop <name>', 'a column to leave out; may be repeated', collect)
    .option('--text <name>', 'a column to read as text, whatever it looks like; may be repeated', collect)
    .option('--validation <fraction>', 'the fraction of the rows that is held out to find the best epoch', number(0, 1, true), d.validation)
    .option('--test <fraction>', 'a further fraction, held out to evaluate the result alone', number(0, 1), d.test)
    .optionsGroup('The network:')
    .option('--hidden <sizes>', 'sizes of the hidden layers, 0 for none', sizes, [...d.hidden])
    .addOption(
      new Option('--activation <name>', 'the activation after each hidden layer').choices(Object.keys(activations)).default(d.activation),
    )
    .option('--dropout <p>', 'the probability of dropout after each hidden layer', number(0, 0.99), d.dropout)
    .optionsGroup('The training:')
    .option('--epochs <n>', 'the largest number of epochs', integer(1), d.epochs)
    .option('--patience <n>', 'the training ends after so many epochs without a better validation loss; 0: never', integer(0), d.patience)
    .option('--batch-size <rows>', 'the number of rows in a step (default: 32, more for large files)', integer(1))
    .addOption(new Option('--optimizer <name>', 'the optimizer').choices(Object.keys(optimizers)).default(d.optimizer))
    .option('--lr <rate>', 'the learning rate', number(0, Infinity, true), d.lr)
    .option('--weight-decay <rate>', 'the weight decay', number(0), d.weightDecay)
    .addOption(new Option('--schedule <name>', 'how the learning rate changes').choices(schedules).default(d.schedule))
    .addOption(new Option('--class-weight <how>', 'whether rare classes weigh more').choices(['none', 'balanced']).default(d.classWeight))
    .option('--seed <n>', 'the seed of all random numbers: the same seed gives the same bits', integer(0), d.seed)
    .addOption(threads())
    .optionsGroup('The output:')
    .option('--model <file>', 'the file to save the model to')
    .option('--report <file>', 'the file to write a page with the figures of the run to (needs the package echarts)')
    .option('--checkpoint <file>', 'the file to save the run to after each epoch')
    .option('--resume', 'continue the run that --checkpoint has saved, if the file exists')
    .addOption(json())
    .option('--quiet', 'print only the result');
  addDialect(command).action(async (file: string, flags: TrainFlags) => {
    const { column: columns = [], drop = [], text = [], resume = false, threads, json = false, quiet = false, ...others } = flags;
    if (flags.validation + flags.test >= 1) command.error("error: '--validation' and '--test' leave no rows to learn from");
    if (resume && flags.checkpoint === undefined) command.error("error: '--resume' needs '--checkpoint <file>'");
    if (columns.length > 0 && drop.length > 0) command.error("error: '--column' and '--drop' cannot be used together");
    setThreads(threads);
    done(await trainCommand({ ...others, file, columns, drop, text, resume, dialect: dialectOf(flags) }, { json, quiet }));
  });
}

function setThreads(n: number | undefined): void {
  if (n !== undefined) setNumThreads(n);
}

type FileFlags = DialectFlags & { json?: boolean; output?: string; threads?: number };

function addModelCommands(program: Command, done: (code: number) => void): void {
  const predict = program
    .command('predict')
    .description('predict for the rows of a CSV file: a line for each, with the probabilities of the classes')
    .argument('<model>', 'a file that train has written')
    .argument('<file>', 'a CSV file with the columns of the training; the target may be missing')
    .option('--output <file>', 'the file to write the predictions to (default: standard output)')
    .addOption(json())
    .addOption(threads());
  addDialect(predict).action(async (model: string, file: string, flags: FileFlags) => {
    setThreads(flags.threads);
    done(await predictCommand({ model, file, dialect: givenDialect(flags), output: flags.output, json: flags.json ?? false }));
  });

  const evaluate = program
    .command('evaluate')
    .description('compare predictions with the target of a CSV file')
    .argument('<model>', 'a file that train has written')
    .argument('<file>', 'a CSV file with the columns of the training and the target')
    .addOption(json())
    .addOption(threads());
  addDialect(evaluate).action(async (model: string, file: string, flags: FileFlags) => {
    setThreads(flags.threads);
    done(await evaluateCommand({ model, file, dialect: givenDialect(flags), json: flags.json ?? false }));
  });

  program
    .command('export')
    .description('write a model for other runtimes, with the preparation of its inputs')
    .argument('<model>', 'a file that train has written')
    .argument('<output>', 'a file for ONNX, a folder for TensorFlow.js')
    .addOption(new Option('--format <name>', 'default: onnx for a name that ends in .onnx, else tfjs').choices(['onnx', 'tfjs']))
    .addOption(new Option('--opset <n>', "the version of ONNX's operators").choices(['17', '20']).default('20'))
    .addOption(json())
    .action(async (model: string, output: string, flags: { format?: 'onnx' | 'tfjs'; opset: string; json?: boolean }) => {
      const opset = Number(flags.opset) as 17 | 20;
      done(await exportCommand({ model, output, format: flags.format, opset, json: flags.json ?? false }));
    });
}

function addOthers(program: Command, done: (code: number) => void): void {
  program
    .command('build')
    .description("compile the addon from the package's sources, in place of the one that came with it: needs CMake and a C++ compiler")
    .action(() => {
      require('../../native/build.cjs'); // bin/simdnn.js runs it without loading this file, which needs the addon
    });

  program
    .command('info')
    .description('describe this installation, or a model')
    .argument('[model]', 'a file that train has written')
    .addOption(json())
    .action(async (model: string | undefined, flags: { json?: boolean }) => done(await infoCommand({ model, json: flags.json ?? false })));

  program
    .command('bench')
    .description('time a training step of a small network on this machine')
    .option('--seconds <n>', 'the seconds for which each of the two ways is timed', number(0.1, 600), 1)
    .addOption(threads())
    .addOption(json())
    .action(async (flags: { seconds: number; threads?: number; json?: boolean }) => {
      setThreads(flags.threads);
      done(await benchCommand({ seconds: flags.seconds, json: flags.json ?? false }));
    });
}

/** The whole command line. `done` is called with the exit code when a command has ended. */
export function programFor(done: (code: number) => void): Command {
  const program = new Command('simdnn')
    .description('Neural networks for tables, trained on the CPU')
    .version(version, '-V, --version', 'print the version')
    .option('--debug', 'print where an error came from');
  addTrain(program, done);
  addModelCommands(program, done);
  addOthers(program, done);
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .helpOption('-h, --help', 'print this')
      .showHelpAfterError(`(simdnn ${command === program ? '' : `${command.name()} `}--help tells more)`);
    if (command !== program) command.addOption(new Option('--debug', 'print where an error came from'));
  }
  program.helpCommand('help [command]', 'print the help of a command');
  return program;
}
