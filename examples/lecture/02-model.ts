// A model is a class with its layers as fields; its `forward` computes the output of a batch.
import { nn, type Tensor } from 'simdnn';

export class StudentPerformanceModel extends nn.Module {
  ly1 = new nn.Linear(13, 30);
  ly2 = new nn.Linear(30, 25);
  ly3 = new nn.Linear(25, 20);
  ly4 = new nn.Linear(20, 15);
  ly5 = new nn.Linear(15, 10);
  ly6 = new nn.Linear(10, 5);
  act = new nn.Softmax({ dim: 1 });

  override forward(x: Tensor): Tensor {
    x = this.ly1.forward(x);
    x = this.ly2.forward(x);
    x = this.ly3.forward(x);
    x = this.ly4.forward(x);
    x = this.ly5.forward(x);
    x = this.ly6.forward(x);
    return this.act.forward(x);
  }
}

export const model = new StudentPerformanceModel();
console.log(`${model}`);
