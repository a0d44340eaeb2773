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

/// Where a record's commit put it: a slot of a segment of its entity. Later imported is larger.
///
/// A place is for good: compaction moves records to other segments, and they keep their places. See ``SegmentPart``.
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

/// The bytes of a segment, format 2 as a batch makes it, format 3 as a compaction does. Numbers are little-endian, varints LEB128.
///
///     u8 format, u16 rows, u16 columns
///     varint run, zigzag import time in microseconds, varint length and bytes of the source's path
///     varint length and bytes of the rows' places in their source: zigzag of the first, then for each further row the
///       zigzag difference to the one before; nothing behind the first when all of them are 1
///     (format 3: instead of run, time, source and places varint length and bytes of ``SegmentParts``)
///     for each column: u32 field number, u8 kind, u32 end of its data (from the start of all data)
///     the columns' data, one behind the other
///     u64 XXH64 of everything before
///
/// A column's data by kind:
///
///     empty       nothing: all null
///     constant    texts of one value
///     codes8/16   u16 count of values, for each row a code (the count itself means null), for each value u16 in how many
///                 rows it is, texts of the values
///     plain       a bit for each row that is set where it is null (only with the flag), texts of all rows
///     number      u8 form and u8 scale of ``NumberStyle``, u8 width (1, 2, 3, 4 or 8), i64 base, for each row its number's
///                 distance from the base in as many bytes; all ones means null (only with the flag)
///
/// Texts are u8 width (1, 2 or 4), for each text its length in as many bytes, then the texts one behind the other, with the
/// flag as one zstd frame. The last part of a column's data reaches to its end.
enum SegmentFormat {
    static let version: UInt8 = 2
    static let compactedVersion: UInt8 = 3
    static let maximumRows = 4_096
    /// Larger than a batch can make a column's texts.
    static let maximumText = 16 << 20
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
        case number = 5
    }
}
