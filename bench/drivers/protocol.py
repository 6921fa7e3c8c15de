"""How a driver's process talks with the runner: see protocol.mjs, which is the same in JavaScript."""
import json
import math
import sys
import time

job = json.loads(sys.argv[1])


class Unavailable(Exception):
    """Raised by a driver that cannot serve a cell."""


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def serve(kinds):
    """kinds[trial kind](trial) returns (version, check, run); run(n) does n steps and returns one number known when they are done."""
    try:
        prepare = kinds.get(job["trial"]["kind"])
        if prepare is None:
            raise Unavailable("no such operation in this driver")
        version, check, run = prepare(job["trial"])
        steps = warm_up(run)
        if steps == 0:
            raise Unavailable(f"one step takes longer than {job['longestStep']} s")
        say("ready", version=version, check=check)
        for _ in sys.stdin:
            timed_block(run, steps)
    except Unavailable as error:
        say("unavailable", reason=str(error))
    except Exception as error:
        say("failed", reason=f"{type(error).__name__}: {error}")


def warm_up(run):
    """Runs until warmSeconds have passed; returns how many steps fill a block, 0 when even one takes too long."""
    steps, spent = 1, 0.0
    run(1)  # compiles, where the library does
    while True:
        start = time.perf_counter()
        run(steps)
        seconds = time.perf_counter() - start
        spent += seconds
        long = seconds >= min(0.1, job["blockSeconds"])
        if steps == 1 and seconds > job["longestStep"]:
            return 0
        if long and spent >= job["warmSeconds"]:
            return max(1, round(steps * job["blockSeconds"] / seconds))
        if not long:
            steps *= 2


def timed_block(run, steps):
    """The processor's caches belong to whoever ran last, so a tenth of the block goes ahead untimed."""
    run(math.ceil(steps / 10))
    used, start = time.process_time(), time.perf_counter()
    last = run(steps)
    seconds, used = time.perf_counter() - start, time.process_time() - used
    say("block", steps=steps, seconds=seconds, cpuSeconds=used, last=float(last))
