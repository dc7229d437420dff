# A terminal for tests: a pty, with keys typed on it.

# on_terminal_of COLUMNS KEYS COMMAND...: runs it on a terminal of its own, so wide; when
# it says "ready", types KEYS, or makes the terminal so wide if that is a number. Prints
# what the terminal shows, without carriage returns unless $WITH_RETURNS; the exit status is COMMAND's.
on_terminal_of() {
    "$PYTHON" - "$@" <<'END'
import fcntl, os, pty, struct, sys, termios
columns, keys, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
def resize(terminal, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
pid, terminal = pty.fork()
if pid == 0:
    resize(1, columns)
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
    sys.stdout.buffer.write(data if "WITH_RETURNS" in os.environ else data.replace(b"\r", b""))
    sys.stdout.flush()
    if keys and b"ready" in shown.lower():
        if keys.isdigit():
            resize(terminal, int(keys))
        else:
            os.write(terminal, keys.encode().decode("unicode_escape").encode())
        keys = ""
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
END
}

# on_terminal KEYS COMMAND...
on_terminal() {
    on_terminal_of 80 "$@"
}
