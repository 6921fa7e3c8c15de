"""The protocol between a driver's process and the runner, described in protocol.mjs, which is the same in JavaScript."""
import json
import math
import sys
import time

job = json.loads(sys.argv[1])


class Unavailable(Exception):
    """Raised by a driver that cannot run a cell."""


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def serve(kinds):
    """kinds[trial kind](trial) returns (version, check, run); run(n) does n steps and returns a number that is known only when they are done.
    A training returns (version, None, begin): begin() restarts it and returns run(n), which does n epochs and returns the mean loss of the last one."""
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
                run(math.ceil(steps / 10))  # fills the processor's caches, which another driver has used meanwhile
                timed(run, steps)
            else:
                timed(run, int(line))
    except Unavailable as error:
        say("unavailable", reason=str(error))
    except Exception as error:
        say("failed", reason=f"{type(error).__name__}: {error}")


def warm_up(run):
    """Runs for warmSeconds, or once if that takes longer; returns the seconds of a step."""
    steps, spent = 1, 0.0
    run(1)  # some libraries compile in the first step
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
