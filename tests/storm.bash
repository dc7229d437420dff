# For the test of a log in a storm: tests/programs/storm.c, and what must be in all that
# was kept of its log.

# storm PROCESSES THREADS CALLS [by-hand]: with rotation at 64 KiB, each generation kept. What it
# counted is in $COUNTS.
storm() {
    COUNTS=$(shimmed SOCKSHIM_LOG_LIMIT=64K "$PROGRAMS/held" storm "$LOG" \
        "$PROGRAMS/storm" "${@:1:3}" "$LOG" "$BATS_TEST_TMPDIR/state" "${@:4}") || { echo "the storm: $COUNTS" && return 1; }
}

# weathered: each line is whole or the beginning of one, no record is there twice, and none
# is missing whose call had returned but for those of the time after a removal in which not
# all processes have noticed: a second, on a machine with hundreds of threads for each
# processor up to three. Prints how many of what.
weathered() {
    "$PYTHON" - "$BATS_TEST_TMPDIR/state" "$LOG" <<'END'
import array, glob, os, re, sys
state = array.array("I", open(sys.argv[1], "rb").read())
log = sys.argv[2]
NOTICED = 3000 # milliseconds
try:
    removals = [int(line) for line in open(log + ".removed")]
except FileNotFoundError:
    removals = []
line_of = re.compile(
    rb'ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z level=\w+ event=(\w+) pid=\d+ tid=\d+ prog=storm '
    rb'(?:call=(?:recv|send) fd=\d+ ret=(?:0|-1) errno=\d+(?: error=\w+)? len=(\d+) [^\n]*"|[^\n]*)')
def whole(line):
    found = line_of.fullmatch(line) # the beginning of a call's record may lack its number
    return found if found and (found[1] != b"return" or found[2]) else None
seen = bytearray(len(state))
lost = twice = torn = files = 0
longest = {}
for name in sorted(glob.glob(log + ".copy.*"), key=os.path.getsize):
    longest[name.rsplit(".", 2)[0]] = name
names = [n for n in glob.glob(log + "*") if not n.endswith(".removed") and ".copy." not in n]
names += longest.values()
inodes = set()
for name in names:
    inode = os.stat(name).st_ino
    if inode in inodes:
        continue # the same by another name
    inodes.add(inode)
    data = open(name, "rb").read()
    files += 1
    lines = data.split(b"\n")
    last = lines.pop()
    if last and ".copy." not in name: # (somebody may be in the midst of a line while a copy is made)
        torn += 1 # its writer was killed in the midst of the last line that came here
        assert last.startswith(b"ts=") and last.count(b"ts=") == 1, f"{name} ends in {last[-600:]}"
    for line in lines:
        assert line.startswith(b"ts="), f"{name}: {line[:600]}"
        found = whole(line)
        if not found or line.count(b"ts=") != 1:
            # Its writer was killed in the midst of it, between two pages; another's record
            # that was already on its way follows in the same line.
            torn += 1
            found = whole(line[line.rindex(b"ts="):])
            if not found:
                continue
        if found[1] == b"lost":
            lost += int(re.search(rb" lost=(\d+)", line)[1])
        if found[1] != b"return":
            continue
        call = int(found[2]) - 1
        assert state[call] != 0, f"not called: {line}"
        twice += seen[call]
        seen[call] = 1
killed = sum(s == 1 for s in state)
assert 0 not in state, "not all calls were made"
missing = [i for i, s in enumerate(state) if s > 1 and not seen[i]]
excused = [i for i in missing if any(r - 20 <= state[i] <= r + NOTICED for r in removals)]
after = sum(any(r - 20 <= s <= r + NOTICED for r in removals) for s in state)
if len(missing) > len(excused): # which, and when: milliseconds, to the last removal if there was one
    print([(i, state[i] - (removals or [0])[-1]) for i in missing if i not in set(excused)][:20])
print(f"calls={len(state)} records={sum(seen)} twice={twice} missing={len(missing) - len(excused)} "
      f"killed={killed} missing_after_removal={len(excused)} of={after} torn={torn} lost={lost} files={files}")
END
}
