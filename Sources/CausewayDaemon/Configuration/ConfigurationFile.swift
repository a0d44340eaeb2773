import CausewayCore
import Glibc

/// A file of lines "key = value". Blank lines and lines that begin with "#" say nothing; a value may stand in double
/// quotes, which are taken off.
struct ConfigurationFile {
    struct Entry: Hashable {
        var key: String
        var value: String
        /// From 1.
        var line: Int
    }

    let path: String
    let entries: [Entry]

    static let greatestSize = 1 << 20

    /// - Throws: ``CausewayError`` (invalid argument, `CONFIGURATION_INVALID`) that names the first wrong line.
    init(path: String, contents: [UInt8]) throws(CausewayError) {
        self.path = path
        guard let text = String(validating: contents, as: UTF8.self) else {
            throw .configuration("\(path) is not UTF-8 text.")
        }
        var entries: [Entry] = []
        var lines: [String: Int] = [:]
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let place = "\(path):\(index + 1)"
            let line = Self.trimmed(raw)
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let equals = line.firstIndex(of: "=") else {
                throw .configuration("\(place): \"\(line.prefix(64))\" does not have the form key = value.")
            }
            let key = String(Self.trimmed(line[..<equals]))
            var value = Self.trimmed(line[line.index(after: equals)...])
            if value.hasPrefix("\"") {
                guard value.count >= 2, value.hasSuffix("\"") else {
                    throw .configuration("\(place): the quotes of \(key.prefix(64)) are not closed.")
                }
                value = value.dropFirst().dropLast()
            }
            guard value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
                throw .configuration("\(place): the value of \(key.prefix(64)) has control characters.")
            }
            guard ConfigurationKey.named(key) != nil else {
                throw .configuration(
                    "\(place): \"\(key.prefix(64))\" is not a setting; causewayd print-config lists them all.")
            }
            if let earlier = lines[key] {
                throw .configuration("\(place): \(key) is set on line \(earlier) already.")
            }
            lines[key] = index + 1
            entries.append(Entry(key: key, value: String(value), line: index + 1))
        }
        self.entries = entries
    }

    /// Nil when there is no file at `path`.
    ///
    /// - Throws: as ``init(path:contents:)``, and when the file cannot be read or others may change it.
    init?(readingFrom path: String) throws(CausewayError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .configuration("\(path) cannot be opened: \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .configuration("\(path) is not a regular file.")
        }
        guard status.st_mode & 0o002 == 0 else {
            throw .configuration("\(path) can be changed by everybody; run chmod o-w on it.")
        }
        let limit = Self.greatestSize + 1
        var failure: Int32 = 0
        let contents = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            while count < limit {
                let got = read(descriptor, buffer.baseAddress?.advanced(by: count), limit - count)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                guard got > 0 else { break }
                count += got
            }
        }
        guard failure == 0 else {
            throw .configuration("\(path) cannot be read: \(String(cString: strerror(failure))).")
        }
        guard contents.count <= Self.greatestSize else {
            throw .configuration("\(path) is larger than \(Self.greatestSize) bytes.")
        }
        try self.init(path: path, contents: contents)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}

extension CausewayError {
    static func configuration(_ message: String) -> CausewayError {
        CausewayError(.invalidArgument, reason: "CONFIGURATION_INVALID", message)
    }
}
