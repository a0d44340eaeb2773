package import CausewayCore

/// Where rows came from: one run, one file, one moment.
package struct Provenance: Hashable, Sendable {
    /// The run's number.
    package var run: UInt64
    /// The file's path as the source lists it.
    package var source: String
    package var importTime: Timestamp

    package init(run: UInt64, source: String, importTime: Timestamp) {
        self.run = run
        self.source = source
        self.importTime = importTime
    }
}

/// Where a record lies: a slot of a segment of its entity. Later imported is larger.
package struct RecordPlace: Hashable, Comparable, Sendable {
    package var segment: UInt64
    package var slot: UInt16

    package init(segment: UInt64, slot: UInt16) {
        self.segment = segment
        self.slot = slot
    }

    package static func < (a: RecordPlace, b: RecordPlace) -> Bool {
        (a.segment, a.slot) < (b.segment, b.slot)
    }
}

/// The bytes of a segment, format 1. Numbers are little-endian, varints LEB128.
///
///     u8 format, u16 rows, u16 columns
///     varint run, zigzag import time in microseconds, varint length and bytes of the source's path
///     for each row: zigzag difference of its source row to the one before
///     for each column: u32 field number, u8 kind, u32 end of its data (from the start of all data)
///     the columns' data, one behind the other
///     u64 XXH64 of everything before
///
/// A column's data by kind:
///
///     empty       nothing: all null
///     constant    body of one value
///     codes8/16   u16 count of values, for each row a code (the count itself means null), body of the values
///     plain       a bit for each row that is set where it is null (only with the flag), body of the non-null values
///
/// A body is a varint with its length in bytes, then a varint with the length of each value, then the values; compressed
/// as one zstd frame behind the length with the flag.
enum SegmentFormat {
    static let version: UInt8 = 1
    static let maximumRows = 4_096
    /// Larger than a batch can make a column's body.
    static let maximumBody = 16 << 20
    static let maximumSource = 1 << 16

    static let kindMask: UInt8 = 0x07
    static let hasNulls: UInt8 = 0x40
    static let compressed: UInt8 = 0x80

    enum Kind: UInt8 {
        case empty = 0
        case constant = 1
        case codes8 = 2
        case codes16 = 3
        case plain = 4
    }
}
