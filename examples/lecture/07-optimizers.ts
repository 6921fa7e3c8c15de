// An optimizer turns gradients into steps. The learning rate scales a step; momentum keeps the direction of earlier steps.
import { optim, tensor } from 'simdnn';
import { model } from './02-model';

export const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });

// Minimizes (w - 3)^2 in 20 steps with and without momentum.
export const distances = [0, 0.5].map((momentum) => {
  const w = tensor([0], { requiresGrad: true });
  const sgd = new optim.SGD([w], { lr: 0.02, momentum });
  for (let i = 0; i < 20; i++) {
    sgd.zeroGrad();
    w.sub(3).pow(2).sum().backward();
    sgd.step();
  }
  return Math.abs(w.item() - 3);
});
console.log('left to go without and with momentum:', distances.map((distance) => distance.toFixed(3)).join(', '));
