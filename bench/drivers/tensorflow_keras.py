"""TensorFlow with Keras. Modes: graph (a tf.range loop over many steps inside one tf.function), xla (tf.function with jit_compile, each
call is one step)."""
import os

import data
from protocol import job, serve

mode, threads = job["mode"], job["threads"]
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["OMP_NUM_THREADS"] = str(threads)
if threads == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import keras
import numpy as np
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(1)  # the operations of a step form one chain, so that more threads only cost time

cross_entropy_loss = lambda logits, y: tf.reduce_mean(
    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
)


def function(fn):
    return tf.function(fn, jit_compile=mode == "xla", reduce_retracing=True)


def adam_of(options, variables):
    optimizer = keras.optimizers.Adam(
        options["lr"], beta_1=options["beta1"], beta_2=options["beta2"], epsilon=options["eps"]
    )
    optimizer.build(variables)
    return optimizer


def step_of(trial):
    widths = trial["layers"]
    activation = lambda i: trial.get("activation") if i < len(widths) - 1 else None
    dense = [keras.layers.Dense(width, activation=activation(i)) for i, width in enumerate(widths) if i]
    model = keras.Sequential([keras.Input((widths[0],)), *dense])
    first = [a for weight, bias in data.network(widths) for a in (weight.T, bias)]
    model.set_weights(first)
    variables = model.trainable_variables
    optimizer = adam_of(trial["adam"], variables)

    def step(x, y):
        with tf.GradientTape() as tape:
            output = model(x, training=True)
            loss = cross_entropy_loss(tf.nn.softmax(output) if trial.get("softmax") else output, y)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    def restart():
        for variable in optimizer.variables:
            if variable is not optimizer._learning_rate:
                variable.assign(tf.zeros_like(variable))
        model.set_weights(first)

    step.restart = restart
    return step


def train(trial):
    xs, ys = data.batches(trial)
    step, at = step_of(trial), 0
    single = function(step)
    batches = [(tf.constant(x), tf.constant(y)) for x, y in zip(xs, ys)]

    def run(n):
        nonlocal at
        for _ in range(n):
            loss = single(*batches[at % len(batches)])
            at += 1
        return float(loss)

    check = [run(1) for _ in range(5)]
    if mode == "xla":
        return tf.__version__, check, run
    xs, ys = tf.constant(xs), tf.constant(ys)

    @tf.function
    def many(n):
        loss = tf.constant(0.0)
        for i in tf.range(n):
            loss = step(xs[i % trial["batches"]], ys[i % trial["batches"]])
        return loss

    return tf.__version__, check, lambda n: float(many(tf.constant(n)))


def training(trial):
    xs, ys = (tf.constant(a) for a in data.batches(trial))
    count, step = trial["batches"], step_of(trial)
    single = function(step)
    batches = list(zip(tf.unstack(xs), tf.unstack(ys)))

    @tf.function
    def epochs_in_graph(n):
        mean = tf.constant(0.0)
        for _ in tf.range(n):
            mean = tf.constant(0.0)
            for i in tf.range(count):
                mean += step(xs[i], ys[i]) / count
        return mean

    def run(epochs):
        if mode == "graph":
            return float(epochs_in_graph(tf.constant(epochs)))
        for _ in range(epochs):
            losses = [single(*batch) for batch in batches]
        return float(np.mean([float(loss) for loss in losses]))

    def begin():
        step.restart()
        return run

    return tf.__version__, None, begin


def epoch(trial):
    x, y = data.rows(trial)
    count, batch = trial["rows"], trial["batch"]
    step = step_of(trial)
    single = function(step)
    check = [float(single(x[i * batch : (i + 1) * batch], y[i * batch : (i + 1) * batch])) for i in range(5)]
    random = np.random.default_rng(0)
    device_x, device_y = tf.constant(x), tf.constant(y)

    @tf.function
    def shuffled_epochs(n):
        loss = tf.constant(0.0)
        for _ in tf.range(n):
            order = tf.random.shuffle(tf.range(count))
            for first in tf.range(0, count, batch):
                rows = order[first : first + batch]
                loss = step(tf.gather(device_x, rows), tf.gather(device_y, rows))
        return loss

    def run(n):
        if mode == "graph":
            return float(shuffled_epochs(tf.constant(n)))
        for _ in range(n):
            order = random.permutation(count)
            for i in range(0, count, batch):
                rows = order[i : i + batch]
                loss = single(x[rows], y[rows])
        return float(loss)

    return tf.__version__, check, run


def linear(trial):
    x = tf.constant(data.normal(trial["rows"] * trial["in"], 1).reshape(trial["rows"], -1))
    weight, bias = data.linear(trial["in"], trial["out"], 0)
    weight, bias = tf.constant(weight.T.copy()), tf.constant(bias)
    product = function(lambda x, weight, bias: tf.nn.bias_add(tf.matmul(x, weight), bias))

    def run(n):
        for _ in range(n):
            y = product(x, weight, bias)
        return float(y[0, 0])

    return tf.__version__, data.digest(product(x, weight, bias)), run


def cross_entropy(trial):
    rows, classes = trial["rows"], trial["classes"]
    logits = tf.constant(data.normal(rows * classes, 1).reshape(rows, classes))
    target = tf.constant(data.labels(rows, classes, 2))

    @function
    def loss_and_gradient(z, y):
        with tf.GradientTape() as tape:
            tape.watch(z)
            loss = cross_entropy_loss(z, y)
        return loss, tape.gradient(loss, z)

    def run(n):
        for _ in range(n):
            loss, _ = loss_and_gradient(logits, target)
        return float(loss)

    loss, grad = loss_and_gradient(logits, target)
    return tf.__version__, [float(loss), *data.digest(grad, rows * classes)], run


def adam(trial):
    n, steps = trial["parameters"], 0
    param, grads = tf.Variable(tf.zeros(n)), [tf.constant(data.normal(n, seed)) for seed in (1, 2)]
    optimizer = adam_of(trial["adam"], [param])
    update = function(lambda grad: optimizer.apply_gradients([(grad, param)]))

    def run(n):
        nonlocal steps
        for _ in range(n):
            steps += 1
            update(grads[steps % 2])
        return float(param[0])

    run(5)
    return tf.__version__, data.digest(param.numpy(), 1 / trial["adam"]["lr"]), run


serve({"train": train, "training": training, "epoch": epoch, "linear": linear, "crossEntropy": cross_entropy, "adam": adam})
