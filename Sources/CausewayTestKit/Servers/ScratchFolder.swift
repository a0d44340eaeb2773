package import CausewayCore
package import Glibc

/// A folder of its own for a test, gone with the last reference.
package final class ScratchFolder: Sendable {
    package let path: String

    package init(_ name: String = "causeway-test") throws(CausewayError) {
        var template = Array("/tmp/\(name)-XXXXXX\0".utf8CString)
        guard let made = mkdtemp(&template) else { throw .fixture("no folder in /tmp: errno \(errno)") }
        path = String(cString: made)
    }

    deinit { Self.removeAll(Array(path.utf8)) }

    /// The path of `name` in the folder.
    package subscript(name: String) -> String { "\(path)/\(name)" }

    /// Writes a file anew.
    @discardableResult
    package func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws(CausewayError) -> String {
        let path = self[name]
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw .fixture("\(path): errno \(errno)") }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw .fixture("\(path): errno \(errno)") }
            rest = rest.dropFirst(count)
        }
        fchmod(file, mode)
        return path
    }

    @discardableResult
    package func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws(CausewayError) -> String {
        try write(name, Array(text.utf8), mode: mode)
    }

    /// Makes a folder in it.
    @discardableResult
    package func makeFolder(_ name: String, mode: mode_t = 0o755) throws(CausewayError) -> String {
        guard mkdir(self[name], mode) == 0 else { throw .fixture("\(self[name]): errno \(errno)") }
        chmod(self[name], mode)
        return self[name]
    }

    /// A file's bytes, nil where there is none.
    package func read(_ name: String) -> [UInt8]? {
        let file = open(self[name], O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }

    /// Whether anything of that name is in it.
    package func has(_ name: String) -> Bool { access(self[name], F_OK) == 0 }

    /// The names in a folder, which need not be UTF-8, without "." and ".."; nil where there is no folder.
    static func names(in path: [UInt8]) -> [[UInt8]]? {
        guard let folder = (path + [0]).withCString({ opendir($0) }) else { return nil }
        defer { closedir(folder) }
        guard let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) else { return [] }
        var names: [[UInt8]] = []
        while let entry = readdir(folder) {
            // An entry is shorter than its type: it must not be copied whole.
            let start = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: UInt8.self)
            let name = Array(UnsafeBufferPointer(start: start, count: strlen(UnsafePointer(OpaquePointer(start)))))
            if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
        }
        return names
    }

    private static func removeAll(_ path: [UInt8]) {
        // Links are not followed: unlink removes them, and fails on folders alone.
        if (path + [0]).withCString({ unlink($0) }) == 0 { return }
        for name in names(in: path) ?? [] { removeAll(path + [UInt8(ascii: "/")] + name) }
        (path + [0]).withCString { _ = rmdir($0) }
    }
}

extension [UInt8] {
    /// The bytes, which end with a zero, as C wants them.
    fileprivate func withCString<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
        map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return "".withCString(body) }
            return body(base)
        }
    }
}
