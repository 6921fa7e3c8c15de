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
    """kinds[trial kind](trial) returns (version, check, run); run(n) does n steps and returns one number known when they are done.
    A training returns (version, None, begin): begin() starts it anew and returns run(n), n epochs and the mean loss of the last of them."""
    try:
        prepare = kinds.get(job["trial"]["kind"])
        if prepare is None:
            raise Unavailable("no such operation in this driver")
        version, check, run = prepare(job["trial"])
        begin = None
        if check is None:
            begin, run = run, run()
            check = [run(1), run(1)]
        seconds = warm_up(run)
        if seconds > job["longestStep"]:
            raise Unavailable(f"one step takes longer than {job['longestStep']} s")
        steps = max(1, round(job["blockSeconds"] / seconds))
        say("ready", version=version, check=check, seconds=seconds)
        for line in map(str.strip, sys.stdin):
            if line == "begin":
                run = begin()
                say("begun")
            elif line == "block":
                run(math.ceil(steps / 10))  # the processor's caches belong to whoever ran last
                timed(run, steps)
            else:
                timed(run, int(line))
    except Unavailable as error:
        say("unavailable", reason=str(error))
    except Exception as error:
        say("failed", reason=f"{type(error).__name__}: {error}")


def warm_up(run):
    """Runs until warmSeconds have passed, or once where that takes too long; returns the seconds of a step."""
    steps, spent = 1, 0.0
    run(1)  # compiles, where the library does
    while True:
        start = time.perf_counter()
        run(steps)
        seconds = time.perf_counter() - start
        spent += seconds
        long = seconds >= min(0.1, job["blockSeconds"])
        if (steps == 1 and seconds > job["longestStep"]) or (long and spent >= job["warmSeconds"]):
            return seconds / steps
        if not long:
            steps *= 2


def timed(run, steps):
    used, start = time.process_time(), time.perf_counter()
    last = run(steps)
    seconds, used = time.perf_counter() - start, time.process_time() - used
    say("block", steps=steps, seconds=seconds, cpuSeconds=used, last=float(last))
