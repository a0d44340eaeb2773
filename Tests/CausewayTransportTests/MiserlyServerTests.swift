import CausewayCore
import CausewayTestKit
import CausewayTransport
import Glibc
import Testing

@Suite(
    "A server that gives less than it is asked for",
    .enabled(if: SSHServerFixture.isPossible && access("/usr/bin/python3", X_OK) == 0), .timeLimit(.minutes(1)))
struct MiserlyServerTests {
    /// SFTP, as far as reading one file needs it: at most 5,000 bytes a read.
    private static let program = """
        #!/usr/bin/python3
        import struct, sys, os
        def take(n):
            b = b""
            while len(b) < n:
                c = os.read(0, n - len(b))
                if not c: sys.exit(0)
                b += c
            return b
        def send(b):
            b = struct.pack(">I", len(b)) + b
            while b: b = b[os.write(1, b):]
        def string(b, at):
            n = struct.unpack(">I", b[at:at + 4])[0]
            return b[at + 4:at + 4 + n], at + 4 + n
        file = None
        while True:
            b = take(struct.unpack(">I", take(4))[0])
            kind, id = b[0], b[1:5]
            def status(code): send(bytes([101]) + id + struct.pack(">III", code, 0, 0))
            if kind == 1: send(struct.pack(">BI", 2, 3))
            elif kind == 3:
                file = open(string(b, 5)[0], "rb")
                send(bytes([102]) + id + struct.pack(">I", 1) + b"h")
            elif kind == 4: status(0)
            elif kind == 5:
                at = string(b, 5)[1]
                offset, count = struct.unpack(">QI", b[at:at + 12])
                file.seek(offset)
                data = file.read(min(count, 5000))
                if data: send(bytes([103]) + id + struct.pack(">I", len(data)) + data)
                else: status(1)
            else: status(8)

        """

    @Test("is read nevertheless, whole and from an offset")
    func shortReads() async throws {
        let folder = try ScratchFolder()
        chmod(folder.path, 0o755)
        var options = SSHServerFixture.Options()
        options.subsystem = try folder.write("miser.py", Self.program, mode: 0o755)
        let fixture = try SFTPFixture(options)
        let bytes = pattern(300_001)
        let path = try fixture.files.write("data.bin", bytes)
        try await fixture.withSession { session in
            let whole = try await session.readAll(path)
            #expect(whole == bytes)
            let part = try await session.readAll(path, from: 123_456)
            #expect(part == Array(bytes[123_456...]))
        }
    }
}
