// A fit whose log has the lines of nine epochs when the process ends: the file is the first argument.
const { data, nn, optim, randn, train, zeros } = require('simdnn');

const model = new nn.Linear(2, 1);
const loader = new data.DataLoader(new data.TensorDataset(randn([8, 2]), zeros([8, 1])), { batchSize: 4 });
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
const callbacks = [train.csvLogger(process.argv[2]), { onEpoch: ({ epoch }) => epoch === 9 && process.exit(3) }];
train.fit(model, { criterion: new nn.MSELoss(), optimizer, loader, epochs: 20, progress: false, callbacks });
