// Trains with its progress shown, on what passes for a terminal where the second argument is "terminal", and ends as the first says.
// Usage: node progress.cjs (done | exit | throw | SIGINT | SIGTERM | SIGKILL | own) [terminal]
const { data, nn, optim, rand, train } = require('simdnn');

const [how, stream] = process.argv.slice(2);
if (stream === 'terminal') process.stderr.isTTY = true;

const endings = {
  exit: () => process.exit(3),
  throw: () =>
    setImmediate(() => {
      throw new Error('a mistake elsewhere');
    }),
};
const signal = (name) => () => process.kill(process.pid, name);

const model = new nn.Linear(4, 1);
const loader = new data.DataLoader(new data.TensorDataset(rand([64, 4]), rand([64, 1])), { batchSize: 8 });
let epochs = 0;
train
  .fit(model, {
    criterion: new nn.MSELoss(),
    optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
    loader,
    epochs: 40,
    // Long enough for a stream to report what it could not write, and for a bar to be drawn.
    onEpoch: async ({ epoch }) => {
      epochs = epoch;
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (epoch === 30) (endings[how] ?? (how.startsWith('SIG') ? signal(how) : () => {}))();
    },
  })
  .then(() => {
    console.log(`trained ${epochs} epochs, ${process.stderr.listenerCount('error')} listeners`);
    // What the program writes itself is its own affair.
    if (how === 'own') process.stderr.write('text');
  });
