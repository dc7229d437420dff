"""raisers.py PROGRAM SHIM SEED RUNS [VARIABLE=VALUE]: random lives of tests/programs/raisers, natively
and under the shim, end alike: same output, same status. A life that ends natively by a
write to a dead socket goes on under the shim, with an error, unless SOCKSHIM=watch."""

import os
import random
import subprocess
import sys

STEPS = """raise kill kill-group kill-from-thread kill-from-child pthread_kill sigqueue timer
raise-blocked count count-once count-once-nodefer again-once again-once-nodefer jump-once default
ignore query cage-refused altstack socket vfork-child child-raise to-pipe-partial to-pipe-from-socket
to-pipe-thread to-socket-thread to-pipe-blocked to-socket-blocked to-socket-stdio-blocked
to-both-blocked to-both-reversed-blocked to-pipe-and-wait to-socket-and-wait to-pipe-and-signalfd
raise-and-to-pipe-blocked to-pipe-and-quietly-blocked""".split()


def live(program, steps, shim=None, setting="SOCKSHIM=on"):
    env = {name: value for name, value in os.environ.items() if not name.startswith("SOCKSHIM")}
    if shim:
        env.update(LD_PRELOAD=shim, SOCKSHIM_LOG="off")
        env.update([setting.split("=")])
    run = subprocess.run([program, *steps], env=env, stdin=subprocess.DEVNULL, timeout=60,
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                         start_new_session=True)
    return run.returncode, run.stderr


def is_survival(rest, steps):
    """What stdio still holds is written at exit."""
    if not rest:
        return bool({"to-socket-stdio", "to-socket-dprintf"} & set(steps))
    result = "0" if rest.partition(":")[0].endswith("-blocked") else "-1 Broken pipe"
    return rest.startswith("to-socket-") and f": {result}" in rest.partition("\n")[0]


def main(program, shim, seed, runs, setting="SOCKSHIM=on"):
    chance = random.Random(int(seed))
    writes = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    survived = ended = 0
    for _ in range(int(runs)):
        steps = ["socket"] + chance.choices(STEPS + writes, k=chance.randint(1, 5))
        steps += chance.choices(["query", "count-once", "count", "altstack"], k=2)
        if "jump-once" in steps: # out of dprintf(), whose stream on the stack stays in the list
            steps = [step for step in steps if not step.endswith("-dprintf")]
        chance.shuffle(steps)
        steps.insert(0, "socket")
        native, shimmed = live(program, steps), live(program, steps, shim, setting)
        if native == shimmed:
            ended += native[0] == -13
            continue
        may_survive = native[0] == -13 and setting != "SOCKSHIM=watch"
        if may_survive and is_survival(shimmed[1].removeprefix(native[1]), steps):
            survived += 1
            continue
        print("native:", native, "shim:", shimmed, "steps:", *steps)
        return 1
    print(f"{runs} lives, {ended} ended by SIGPIPE, {survived} survived a socket")
    return 0 if ended and (survived or setting == "SOCKSHIM=watch") else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
