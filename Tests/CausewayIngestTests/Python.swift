import Glibc
import Testing

/// Another implementation to compare with.
enum Python {
    private static let path = "/usr/bin/python3"
    static var isInstalled: Bool { access(path, X_OK) == 0 }

    /// What a program without single quotes in its texts prints, given a file with this content.
    static func run(_ program: String, _ content: [UInt8]) throws -> [UInt8] {
        var name = Array("/tmp/causeway-csv-XXXXXX\0".utf8CString.dropLast())
        let descriptor = mkstemp(&name)
        try #require(descriptor >= 0)
        defer {
            close(descriptor)
            unlink(name)
        }
        try content.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let count = write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                try #require(count > 0)
                written += count
            }
        }
        let quoted = program.split(separator: "'").joined(separator: "'\\''")
        let file = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let pipe = try #require(popen("\(path) -c '\(quoted)' \(file)", "r"))
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            if count == 0 { break }
            output += buffer[..<count]
        }
        #expect(pclose(pipe) == 0)
        return output
    }
}
