import CSSH2
import CausewayCore

extension SFTPChannel {
    /// The most that one call reads; libssh2 asks for four times as much ahead.
    static let mostReadBytes = 1 << 20
    /// What is enough to hand on when the server has no more for the moment.
    private static let enoughBytes = 256 << 10
    /// How long bytes may wait for more.
    private static let patience = Duration.milliseconds(50)

    func openFile(_ path: String, at offset: Int64) throws(CausewayError) -> Int {
        guard offset >= 0 else { throw .invalid("offset", "must not be negative.") }
        let pointer = try open(path, isFolder: false, "open a file")
        libssh2_sftp_seek64(pointer, UInt64(offset))
        return keep(OpenHandle(path: path, pointer: pointer, offset: offset))
    }

    /// - Returns: the next bytes, at most `limit`; empty at the end.
    func read(_ number: Int, limit: Int) throws(CausewayError) -> [UInt8] {
        let limit = min(max(1, limit), Self.mostReadBytes)
        var failure: CausewayError?
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            do throws(CausewayError) {
                count = try fill(UnsafeMutableRawBufferPointer(buffer), from: number)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// libssh2_sftp_read: bytes, 0 at the end, or an error; what came before an error is lost with it.
    private func fill(_ buffer: UnsafeMutableRawBufferPointer, from number: Int) throws(CausewayError) -> Int {
        guard var handle = handles[number] else {
            throw CausewayError(.failedPrecondition, reason: "FILE_CLOSED", "The file was closed while it was read.")
        }
        defer { if handles[number] != nil { handles[number] = handle } }
        var filled = 0
        var firstByteAt = Duration.zero
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            // One request at a time is what a buffer of a quarter of libssh2's largest request gives.
            let size = handle.isCautious ? min(rest.count, 4_096) : rest.count
            let result = try link.attempt("read a file") {
                let result = libssh2_sftp_read(
                    handle.pointer, rest.assumingMemoryBound(to: CChar.self).baseAddress, size)
                guard result == Int(LIBSSH2_ERROR_EAGAIN), filled > 0 else { return result }
                let isEnough = filled >= Self.enoughBytes || monotonicNow() - firstByteAt >= Self.patience
                return isEnough ? Self.enough : result
            }
            if result == 0 || result == Self.enough { break }
            guard result > 0 else {
                if try recover(&handle, number) { continue }
                throw self.failure(result, "read a file", handle.path)
            }
            if filled == 0 { firstByteAt = monotonicNow() }
            filled += result
            handle.offset += Int64(result)
        }
        return filled
    }

    /// Stands for "no more for the moment"; no code of libssh2.
    private static let enough = Int.min

    /// Opens the file anew when the server answered a request with less than was asked for in the middle of the file,
    /// which libssh2 cannot go on from.
    private func recover(_ handle: inout OpenHandle, _ number: Int) throws(CausewayError) -> Bool {
        guard !handle.isCautious, link.lastMessage.description.contains("Unexpected Offset") else { return false }
        try close(number)
        handle.pointer = try open(handle.path, isFolder: false, "open a file")
        handle.isCautious = true
        libssh2_sftp_seek64(handle.pointer, UInt64(handle.offset))
        handles[number] = handle
        return true
    }

    // MARK: Folders

    func openFolder(_ path: String) throws(CausewayError) -> Int {
        keep(OpenHandle(path: path, pointer: try open(path, isFolder: true, "list a folder"), offset: 0))
    }

    /// libssh2_sftp_readdir_ex: length of a name, 0 at the end, or an error.
    ///
    /// - Returns: the next entries without "." and "..", at most `limit`; empty at the end. Each link costs a question
    ///   more, and one that points nowhere stays a link.
    func readFolder(_ number: Int, limit: Int) throws(CausewayError) -> [SFTPEntry] {
        guard let handle = handles[number] else {
            throw CausewayError(.failedPrecondition, reason: "FILE_CLOSED", "The folder was closed while it was read.")
        }
        var entries: [SFTPEntry] = []
        var name = [CChar](repeating: 0, count: 4_096)
        while entries.count < limit {
            var attributes = LIBSSH2_SFTP_ATTRIBUTES()
            let length = try link.attempt("list a folder") {
                Int(libssh2_sftp_readdir_ex(handle.pointer, &name, name.count, nil, 0, &attributes))
            }
            guard length >= 0 else { throw failure(length, "list a folder", handle.path) }
            guard length > 0 else { break }
            let text = RemoteNameCoding.text(name[..<length].map { UInt8(bitPattern: $0) })
            guard text != ".", text != ".." else { continue }
            entries.append(SFTPEntry(name: text, attributes: SFTPAttributes(attributes)))
        }
        for index in entries.indices where [.link, .unknown].contains(entries[index].attributes.kind) {
            let path = handle.path.hasSuffix("/") ? handle.path : handle.path + "/"
            guard let target = try statIfAllowed(path + entries[index].name) else { continue }
            entries[index].attributes = target
        }
        return entries
    }

    /// Nil where nothing is, or nothing that may be seen.
    private func statIfAllowed(_ path: String) throws(CausewayError) -> SFTPAttributes? {
        do {
            return try stat(path)
        } catch {
            guard error.code != .unavailable, error.code != .cancelled else { throw error }
            return nil
        }
    }
}
