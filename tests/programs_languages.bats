#!/usr/bin/env bats
# Languages' own sockets, natively and under the shim.

load helpers
load real_programs

# ---- languages: both ends of a conversation, and a server that is not there ----

with_perl() {
    "$@" perl -MIO::Socket::INET -e '
        my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die;
        defined(my $child = fork) or die;
        if (!$child) {
            my $connection = $server->accept;
            while (<$connection>) { print $connection uc }
            exit 3;
        }
        my $client = IO::Socket::INET->new(PeerAddr => $server->sockhost,
                                           PeerPort => $server->sockport) or die;
        for (1 .. 1000) {
            print $client "line $_\n";
            $bytes += length(<$client>);
        }
        shutdown $client, 1;
        print $bytes, defined(<$client>) ? "more" : " and the end\n";
        waitpid $child, 0;
        print $? >> 8, "\n";
        IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or print "$!\n";
    ' "$REFUSING"
}

@test "perl: a server's child and its client, then a refused connection" {
    refuse
    both with_perl
    printed <<<$'8893 and the end\n3\nConnection refused'
    log_is_sane perl
    expect_count 2 '.cause == "peer-closed" and .call == "read"'
    refused perl
}

with_ruby() {
    "$@" ruby -rsocket -e '
        server = TCPServer.new("127.0.0.1", 0)
        Thread.new { connection = server.accept; IO.copy_stream(connection, connection); connection.close }
        client = TCPSocket.new("127.0.0.1", server.addr[1])
        writer = Thread.new { client.write("x" * 300_000); client.close_write }
        puts client.read.length
        writer.join
        begin
            TCPSocket.new("127.0.0.1", ARGV[0])
        rescue Errno::ECONNREFUSED => error
            puts error.class
        end
    ' "$REFUSING"
}

@test "ruby: threads at both ends, then a refused connection" {
    refuse
    both with_ruby
    printed <<<$'300000\nErrno::ECONNREFUSED'
    log_is_sane ruby
    expect '.ret == 0 and .cause == "peer-closed" and .rx == 300000'
    refused ruby
}

with_node() {
    "$@" node -e '
        const http = require("http"), net = require("net");
        const server = http.createServer((request, answer) => {
            let bytes = 0;
            request.on("data", data => bytes += data.length);
            request.on("end", () => answer.end(request.method + " " + bytes));
        });
        function refused() {
            net.connect(+process.argv[1], "127.0.0.1").on("error", error => console.log(error.code));
        }
        server.listen(0, "127.0.0.1", () => {
            let answer = "";
            const client = net.connect(server.address().port, "127.0.0.1");
            client.write("POST / HTTP/1.0\r\nContent-Length: 300000\r\n\r\n");
            client.write(Buffer.alloc(300000));
            client.on("data", data => answer += data);
            client.on("end", () => {
                console.log(answer.split("\r\n").pop());
                server.close(refused);
            });
        });
    ' "$REFUSING"
}

@test "node: an HTTP server and its client in one event loop, then a refused connection" {
    refuse
    both with_node
    printed <<<$'POST 300000\nECONNREFUSED'
    log_is_sane node
    expect '.call == "connect" and .error == "EINPROGRESS" and .cause == "in-progress"'
    expect '.ret == 0 and .cause == "peer-closed"'
    refused node
}

with_java() {
    "$@" java "$DIR/Echo.java" "$REFUSING"
}

@test "java: threads at both ends, then a refused connection" {
    refuse
    cat >"$DIR/Echo.java" <<'END'
import java.io.*;
import java.net.*;

class Echo {
    static void serve(ServerSocket server) {
        try (Socket connection = server.accept()) {
            connection.getInputStream().transferTo(connection.getOutputStream());
        } catch (IOException error) {
            System.out.println(error);
        }
    }

    public static void main(String[] arguments) throws Exception {
        InetAddress here = InetAddress.getByName("127.0.0.1");
        try (ServerSocket server = new ServerSocket(0, 5, here)) {
            Thread thread = new Thread(() -> serve(server));
            thread.start();
            try (Socket client = new Socket(here, server.getLocalPort())) {
                client.getOutputStream().write(new byte[30000]);
                client.shutdownOutput();
                System.out.println(client.getInputStream().readAllBytes().length);
            }
            thread.join();
        }
        try {
            new Socket(here, Integer.parseInt(arguments[0]));
        } catch (ConnectException error) {
            System.out.println(error.getMessage());
        }
    }
}
END
    both with_java
    printed <<<$'30000\nConnection refused'
    log_is_sane java
    expect '.ret == 0 and .cause == "peer-closed" and .rx == 30000'
    refused java
}

# ---- python3 ----

# Asks the server for a half of something and resets; prints its own address.
half_a_request() {
    "$PYTHON" -c '
import socket, struct, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("%s:%d" % connection.getsockname())
connection.sendall(b"GET / HT")
connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
connection.close()' "$1"
}

@test "python3 http.server: serves, is reset, serves on" {
    resets
    local port client
    head -c 300000 /dev/urandom >"$DIR/data"
    background "${UNDER_SHIM[@]}" "$PYTHON" -u -m http.server 0 --bind 127.0.0.1 \
        --directory "$DIR" >"$DIR/server" 2>"$DIR/server.err"
    wait_until has_port "$DIR/server"
    port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$DIR/server")
    curl -sS "http://127.0.0.1:$port/data" | cmp - "$DIR/data"
    client=$(half_a_request "$port")
    local reset='.prog == "python3" and .call == "recv" and .error == "ECONNRESET" and
                 .cause == "peer-reset" and .peer == "'"$client"'" and .rx == 8 and
                 .local == "127.0.0.1:'"$port"'"'
    wait_until expect "$reset" >"$DIR/waiting"
    expect_count 1 "$reset"
    curl -sS "http://127.0.0.1:$port/data" | cmp - "$DIR/data"
}

@test "python3 asyncio, refused: connection-refused with the peer, from SO_ERROR" {
    villain refuse
    same "$PYTHON" -c '
import asyncio, sys
try:
    asyncio.run(asyncio.open_connection("127.0.0.1", int(sys.argv[1])))
except ConnectionRefusedError as error:
    print(error)
' "$PORT"
    grep -q Errno.111 "$DIR/native"
    expect_count 1 '.prog == "python3" and .call == "connect" and .error == "EINPROGRESS" and
                    .peer == "'"$SERVER"'"'
    expect_count 1 '.prog == "python3" and .call == "getsockopt" and .ret == 0 and
                    .errno == 111 and .error == "ECONNREFUSED" and
                    .cause == "connection-refused" and .peer == "'"$SERVER"'"'
}

@test "python3 asyncio, both ends of a conversation in one event loop" {
    same "$PYTHON" -c '
import asyncio
async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line)
    writer.close()
async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for number in range(1000):
        writer.write(b"%d\n" % number)
    writer.write_eof()
    print(sum(int(line) for line in (await reader.read()).split()))
    writer.close()
asyncio.run(main())
'
    [ "$(cat "$DIR/native")" = 499500 ]
    expect '.call == "recv" and .ret == 0 and .cause == "peer-closed"'
    nothing_went_wrong
}

@test "python3 subprocess: a child with pipes starts and ends as it would, beside an open socket" {
    same env --default-signal=PIPE "$PYTHON" -c '
import socket, subprocess
with socket.socket(), socket.socket():
    subprocess.run(["bash", "-c", "yes | head -n 1; echo ${PIPESTATUS[*]}"])
    child = subprocess.Popen(["yes"], stdout=subprocess.PIPE)
    print(child.stdout.readline())
    child.stdout.close()
    print(child.wait())
'
    [ "$(tail -n 1 "$DIR/native")" = -13 ]
}
