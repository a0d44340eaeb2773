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

    deinit { Self.removeAll(path) }

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

    private static func removeAll(_ path: String) {
        guard let folder = opendir(path) else {
            unlink(path)
            return
        }
        while let entry = readdir(folder) {
            let bytes = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard bytes != [0x2E], bytes != [0x2E, 0x2E] else { continue }
            // Names need not be UTF-8, so the path is put together from bytes.
            let child = Array(path.utf8) + [0x2F] + bytes + [0]
            if entry.pointee.d_type == UInt8(DT_DIR) {
                removeAll(String(decoding: child.dropLast(), as: UTF8.self))
            } else {
                _ = child.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { $0.baseAddress.map { unlink($0) } }
            }
        }
        closedir(folder)
        rmdir(path)
    }
}
