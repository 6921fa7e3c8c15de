// The same computation with a name for every intermediate value: the result is the same to the last bit.
import { manualSeed, rand, type Tensor } from 'simdnn';
import { model, StudentPerformanceModel } from './02-model';

class NamedSteps extends StudentPerformanceModel {
  override forward(features: Tensor): Tensor {
    const first = this.ly1.forward(features);
    const second = this.ly2.forward(first);
    const third = this.ly3.forward(second);
    const fourth = this.ly4.forward(third);
    const fifth = this.ly5.forward(fourth);
    const scores = this.ly6.forward(fifth);
    return this.act.forward(scores);
  }
}

const twin = new NamedSteps();
twin.loadStateDict(model.stateDict());
manualSeed(1);
const features = rand([4, 13]);
export const difference = twin.forward(features).sub(model.forward(features)).abs().max().item();
console.log(`largest difference: ${difference}`);
