// Sums and means of bags of rows, for which ONNX has no operator.
import type { Call } from './onnx-call';
import { one } from './onnx-size';

function embeddingBag(c: Call): void {
  const { graph: g, memory } = c;
  const [bags, count, rows, columns] = [c.size('bags'), c.size('count'), c.size('rows'), c.size('columns')];
  const index = c.read('index', [count]);
  const taken = g.node('Gather', [c.read('weight', [rows, columns]), index], { axis: 0 });
  const counts = g.cast(g.node('Not', [g.node('Equal', [c.read('index', [count, one]), g.int(c.number('paddingIndex'))])]), 'float32');
  const factors = c.has('factors') ? g.node('Mul', [counts, c.read('factors', [count, one])]) : counts;

  // An element belongs to the last bag that begins at or before it.
  const total = g.node('Squeeze', [memory.sizeOf(count), g.longs([0])]);
  const places = memory.reshape(memory.shaped(g.cast(g.node('Range', [g.long(0), total, g.long(1)]), 'int32'), [count]), [count, one]);
  const begun = g.cast(g.node('LessOrEqual', [c.read('offsets', [one, bags]), places]), 'int32');
  const bag = g.node('Sub', [g.reduce('ReduceSum', begun, [1]), g.int(1)]);
  const summed = (values: string, width: typeof one): string => {
    const nothing = memory.filled(g.float(0), [bags, width]);
    const into = memory.filled(bag, [count, width]);
    return g.node('ScatterElements', [nothing, into, values], { axis: 0, reduction: { text: 'add' } });
  };
  const sum = summed(g.node('Mul', [taken, factors]), columns);
  const made = c.flag('mean') ? g.node('Div', [sum, g.node('Max', [summed(counts, one), g.float(1)])]) : sum;
  c.write('out', made, [bags, columns]);
}

export const bagTranslations = { embeddingBagForward: embeddingBag };
