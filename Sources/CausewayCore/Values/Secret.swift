#if canImport(Glibc)
    import Glibc
#endif

/// Bytes that are never shown: every textual form is "<redacted>", there is no equality and no hash, and the memory
/// is zeroed when the last copy goes.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let storage: Storage

    /// Copies the bytes and leaves no other copy behind; the caller's own is the caller's to forget.
    package init(_ bytes: some Sequence<UInt8>) {
        if let copied = bytes.withContiguousStorageIfAvailable({ Storage(UnsafeRawBufferPointer($0)) }) {
            storage = copied
            return
        }
        var collected = ContiguousArray(bytes)
        storage = collected.withUnsafeMutableBytes { buffer in
            defer { if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) } }
            return Storage(UnsafeRawBufferPointer(buffer))
        }
    }
    package init(_ text: String) { self.init(text.utf8) }

    package var count: Int { storage.buffer.count }
    package var isEmpty: Bool { storage.buffer.isEmpty }

    /// The bytes, for the length of the call only.
    package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(storage.buffer))
    }

    /// Whether both hold the same bytes, in a time that depends on their lengths only.
    package func matches(_ other: Secret) -> Bool {
        guard count == other.count else { return false }
        return withUnsafeBytes { mine in
            other.withUnsafeBytes { theirs in
                var difference: UInt8 = 0
                for index in mine.indices { difference |= mine[index] ^ theirs[index] }
                return difference == 0
            }
        }
    }

    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }

    /// Immutable after `init`, so it may be shared between threads.
    private final class Storage: @unchecked Sendable {
        let buffer: UnsafeMutableRawBufferPointer
        init(_ bytes: UnsafeRawBufferPointer) {
            buffer = .allocate(byteCount: bytes.count, alignment: 1)
            buffer.copyMemory(from: bytes)
        }
        deinit {
            if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) }
            buffer.deallocate()
        }
    }
}
