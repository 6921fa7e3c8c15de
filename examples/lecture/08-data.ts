// Training data: a fifth is held out with the classes in proportion, and features are standardized by the statistics
// of the training set only. For a file, `await data.readCsv(path, { target: 'GradeClass' })` returns x and y.
import { data } from 'simdnn';
import { makeStudents } from '../student-data';

const { x, y } = makeStudents(2392);
const [xTrain, xTest, yTrain, yTest] = data.trainTestSplit(x, y, { testSize: 0.2, stratify: y, seed: 1 });
const scaler = new data.StandardScaler();
const training = new data.TensorDataset(scaler.fitTransform(xTrain), yTrain);
const testing = new data.TensorDataset(scaler.transform(xTest), yTest);

export const trainingLoader = new data.DataLoader(training, { batchSize: 32, shuffle: true, seed: 1 });
export const testingLoader = new data.DataLoader(testing, { batchSize: 32 });
console.log(`${training.length} rows to learn from, ${testing.length} held out`);
