import CausewayCore
@preconcurrency import Glibc

/// Where a secret is read from; its value never stands on the command line.
enum SecretSource: Hashable, Sendable {
    case file(String)
    case standardInput
    case environment(String)

    /// The largest secret, in bytes: a private key is a few thousand.
    static let maximumSize = 64 << 10

    /// Reads the secret. The newline that ends a text of one line is not part of it.
    func read() throws -> Secret {
        switch self {
        case .file(let path):
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
            guard descriptor >= 0 else { throw Failure.system("could not open the secret file \(path)", errno) }
            defer { close(descriptor) }
            return Self.trimmed(try Descriptor.readAll(descriptor, limit: Self.maximumSize, path))
        case .standardInput:
            return Self.trimmed(try Descriptor.readAll(STDIN_FILENO, limit: Self.maximumSize, "stdin"))
        case .environment(let name):
            guard let text = Environment.value(name) else {
                throw Failure(.notFound, "The environment has no variable \(name).")
            }
            return Secret(text)
        }
    }

    /// Whether others than the owner may read the file; nil for what is no file.
    var isReadableByOthers: Bool? {
        guard case .file(let path) = self else { return nil }
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return status.st_mode & 0o077 != 0
    }

    private static func trimmed(_ bytes: [UInt8]) -> Secret {
        guard bytes.last == UInt8(ascii: "\n"), bytes.count(where: { $0 == UInt8(ascii: "\n") }) == 1 else {
            return Secret(bytes)
        }
        let line = bytes.dropLast()
        return Secret(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }
}
