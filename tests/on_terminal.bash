# A terminal for tests: a pty, with keys typed on it.

# on_terminal KEYS COMMAND...: runs it on a terminal of its own, types KEYS when
# it says "ready"; prints what the terminal shows; the exit status is COMMAND's.
on_terminal() {
    "$PYTHON" - "$@" <<'END'
import os, pty, sys
keys, command = sys.argv[1].encode().decode("unicode_escape").encode(), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
shown = b""
while True:
    try:
        data = os.read(terminal, 1000)
    except OSError:
        data = b""
    if not data:
        break
    shown += data
    if keys and b"ready" in shown:
        os.write(terminal, keys)
        keys = b""
print(shown.decode().replace("\r", ""), end="")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
}
