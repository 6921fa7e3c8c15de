"""JAX with optax. Modes: jit (each call is one jitted step with donated state), loop (many steps, or a whole shuffled epoch, in one call)."""
import os
from functools import partial

import data
from protocol import Unavailable, job, serve

mode, threads = job["mode"], job["threads"]
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["NPROC"] = str(threads)  # the size of XLA's thread pool
if threads == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import jax
import jax.numpy as jnp
import numpy as np
import optax

cross_entropy_loss = lambda logits, y: optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


def adam_of(options):
    return optax.adam(options["lr"], b1=options["beta1"], b2=options["beta2"], eps=options["eps"])


def start(trial):
    """The step and its initial state."""
    optimizer = adam_of(trial["adam"])
    params = [(jnp.asarray(weight.T), jnp.asarray(bias)) for weight, bias in data.network(trial["layers"])]

    activation = {"relu": jax.nn.relu, "tanh": jnp.tanh}.get(trial.get("activation"), lambda x: x)

    def loss_of(params, x, y):
        for i, (weight, bias) in enumerate(params):
            x = (activation(x) if i else x) @ weight + bias
        return cross_entropy_loss(jax.nn.softmax(x) if trial.get("softmax") else x, y)

    def step(state, x, y):
        params, moments = state
        loss, grads = jax.value_and_grad(loss_of)(params, x, y)
        updates, moments = optimizer.update(grads, moments, params)
        return (optax.apply_updates(params, updates), moments), loss

    return step, (params, optimizer.init(params))


def train(trial):
    xs, ys = data.batches(trial)
    step, state = start(trial)
    jitted = jax.jit(step, donate_argnums=0)
    batches = [(jnp.asarray(x), jnp.asarray(y)) for x, y in zip(xs, ys)]
    at = 0

    def run(n):
        nonlocal state, at
        for _ in range(n):
            state, loss = jitted(state, *batches[at % len(batches)])
            at += 1
        jax.block_until_ready(state)
        return float(loss)

    check = [run(1) for _ in range(5)]
    if mode == "jit":
        return jax.__version__, check, run
    xs, ys = jnp.asarray(xs), jnp.asarray(ys)

    # as fast as lax.scan over the batches, and for any number of steps
    @partial(jax.jit, donate_argnums=0)
    def many(state, first, n, xs, ys):
        body = lambda i, carry: step(carry[0], xs[(first + i) % len(xs)], ys[(first + i) % len(ys)])
        return jax.lax.fori_loop(0, n, body, (state, jnp.float32(0)))

    def loop(n):
        nonlocal state, at
        state, loss = many(state, at % len(batches), n, xs, ys)
        at += n
        jax.block_until_ready(state)
        return float(loss)

    return jax.__version__, check, loop


def training(trial):
    xs, ys = (jnp.asarray(a) for a in data.batches(trial))
    step, first = start(trial)
    jitted = jax.jit(step, donate_argnums=0)
    batches = [(x, y) for x, y in zip(xs, ys)]

    @partial(jax.jit, donate_argnums=0)
    def scanned(state, xs, ys):
        state, losses = jax.lax.scan(lambda state, batch: step(state, *batch), state, (xs, ys))
        return state, losses.mean()

    def by_step(state):
        losses = []
        for batch in batches:
            state, loss = jitted(state, *batch)
            losses.append(loss)
        return state, losses

    def begin():
        state = jax.tree.map(jnp.copy, first)

        def run(epochs):
            nonlocal state
            for _ in range(epochs):
                state, loss = scanned(state, xs, ys) if mode == "loop" else by_step(state)
            jax.block_until_ready(state)
            return float(np.mean(jax.device_get(loss)))

        return run

    return jax.__version__, None, begin


def epoch(trial):
    x, y = data.rows(trial)
    count, batch = trial["rows"], trial["batch"]
    whole = count // batch * batch
    step, state = start(trial)
    jitted = jax.jit(step, donate_argnums=0)
    random, key = np.random.default_rng(0), jax.random.key(0)
    device_x, device_y = jnp.asarray(x), jnp.asarray(y)

    @partial(jax.jit, donate_argnums=0)
    def shuffled_epoch(state, key, x, y):
        key, now = jax.random.split(key)
        order = jax.random.permutation(now, count)
        take = lambda state, rows: step(state, x[rows], y[rows])
        state, losses = jax.lax.scan(take, state, order[:whole].reshape(-1, batch))
        if whole == count:
            return state, key, losses[-1]
        state, loss = take(state, order[whole:])
        return state, key, loss

    def run(n):
        nonlocal state, key
        for _ in range(n):
            if mode == "loop":
                state, key, loss = shuffled_epoch(state, key, device_x, device_y)
            else:
                order = random.permutation(count)
                for i in range(0, count, batch):
                    rows = order[i : i + batch]
                    state, loss = jitted(state, x[rows], y[rows])
        jax.block_until_ready(state)
        return float(loss)

    check = []
    for i in range(5):
        state, loss = jitted(state, x[i * batch : (i + 1) * batch], y[i * batch : (i + 1) * batch])
        check.append(float(loss))
    return jax.__version__, check, run


def operation(function):
    def prepare(trial):
        if mode == "loop":
            raise Unavailable  # as in mode jit
        return function(trial)

    return prepare


@operation
def linear(trial):
    x = jnp.asarray(data.normal(trial["rows"] * trial["in"], 1).reshape(trial["rows"], -1))
    weight, bias = data.linear(trial["in"], trial["out"], 0)
    weight, bias = jnp.asarray(weight.T), jnp.asarray(bias)
    function = jax.jit(lambda x, weight, bias: x @ weight + bias)

    def run(n):
        for _ in range(n):
            y = function(x, weight, bias)
        return float(y[0, 0])

    return jax.__version__, data.digest(function(x, weight, bias)), run


@operation
def cross_entropy(trial):
    rows, classes = trial["rows"], trial["classes"]
    logits = jnp.asarray(data.normal(rows * classes, 1).reshape(rows, classes))
    target = jnp.asarray(data.labels(rows, classes, 2))
    function = jax.jit(jax.value_and_grad(cross_entropy_loss))

    def run(n):
        for _ in range(n):
            loss, grad = function(logits, target)
        jax.block_until_ready(grad)
        return float(loss)

    loss, grad = function(logits, target)
    return jax.__version__, [float(loss), *data.digest(grad, rows * classes)], run


@operation
def adam(trial):
    n, optimizer = trial["parameters"], adam_of(trial["adam"])
    param, grads, steps = jnp.zeros(n), [jnp.asarray(data.normal(n, seed)) for seed in (1, 2)], 0
    moments = optimizer.init(param)

    @partial(jax.jit, donate_argnums=(0, 1))
    def update(param, moments, grad):
        updates, moments = optimizer.update(grad, moments, param)
        return optax.apply_updates(param, updates), moments

    def run(n):
        nonlocal param, moments, steps
        for _ in range(n):
            steps += 1
            param, moments = update(param, moments, grads[steps % 2])
        jax.block_until_ready((param, moments))
        return float(param[0])

    run(5)
    return jax.__version__, data.digest(param, 1 / trial["adam"]["lr"]), run


serve({"train": train, "training": training, "epoch": epoch, "linear": linear, "crossEntropy": cross_entropy, "adam": adam})
