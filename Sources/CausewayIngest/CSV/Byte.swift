import Glibc

/// Bytes with a meaning of their own.
enum Byte {
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D

    @inline(__always)
    static func isLineEnd(_ byte: UInt8) -> Bool { byte == lineFeed || byte == carriageReturn }

    /// Space or tab.
    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// The first line feed or carriage return at or after `start` and before `end`.
    static func firstLineEnd(_ bytes: UnsafeRawPointer, from start: Int, to end: Int) -> Int? {
        var at = start
        while at < end {
            // In stretches, so that looking for the one never goes far beyond the other.
            let count = min(end - at, 4_096)
            let feed = memchr(bytes + at, Int32(lineFeed), count).map { UnsafeRawPointer($0) - bytes }
            let carriage = memchr(bytes + at, Int32(carriageReturn), feed.map { $0 - at } ?? count)
            if let found = carriage.map({ UnsafeRawPointer($0) - bytes }) ?? feed { return found }
            at += count
        }
        return nil
    }
}
