import CausewayCore

/// The records in a segment that came in the same commit: they have one provenance, and keep the places that commit gave
/// them, wherever they lie.
struct SegmentPart: Hashable, Sendable {
    /// The segment of their places.
    var segment: UInt64
    var provenance: Provenance
    /// For each of its records the slot of its place, ascending.
    var slots: [UInt16]
    /// For each, which row of its source it was.
    var sourceRows: [Int64]
}

/// The parts of a compacted segment as bytes.
///
///     varint count of sources, for each: varint length and bytes of its path
///     varint count of parts, for each:
///       varint distance of its segment to that of the part before (the first: to the segment's own number)
///       varint run, zigzag distance of its import time to that of the part before, varint its source
///       varint count of records, for each: varint distance of its slot to the slot behind that of the record before
///       u8 0: zigzag distance of each record's source row to the one before
///       u8 1: zigzag source row less slot, the same for all records
enum SegmentParts {
    private static let listed: UInt8 = 0
    private static let constant: UInt8 = 1

    /// - Parameter number: of the segment that they will be in; at most the first part's.
    static func encode(_ parts: [SegmentPart], in number: UInt64, to out: inout ByteSink) {
        var sources: [String: UInt64] = [:]
        var paths: [String] = []
        for part in parts where sources[part.provenance.source] == nil {
            sources[part.provenance.source] = UInt64(paths.count)
            paths.append(part.provenance.source)
        }
        out.appendVarint(UInt64(paths.count))
        for path in paths {
            let bytes = Array(path.utf8.prefix(SegmentFormat.maximumSource))
            out.appendVarint(UInt64(bytes.count))
            out.append(bytes)
        }
        out.appendVarint(UInt64(parts.count))
        var segment = number
        var micros: Int64 = 0
        for part in parts {
            out.appendVarint(part.segment &- segment)
            out.appendVarint(part.provenance.run)
            out.appendVarint(ZigZag.encode(part.provenance.importTime.micros &- micros))
            out.appendVarint(sources[part.provenance.source] ?? 0)
            segment = part.segment
            micros = part.provenance.importTime.micros
            append(part, to: &out)
        }
    }

    private static func append(_ part: SegmentPart, to out: inout ByteSink) {
        out.appendVarint(UInt64(part.slots.count))
        var next = 0
        for slot in part.slots {
            out.appendVarint(UInt64(Int(slot) - next))
            next = Int(slot) + 1
        }
        let distances = zip(part.sourceRows, part.slots).map { $0 &- Int64($1) }
        if let first = distances.first, distances.allSatisfy({ $0 == first }) {
            out.append(constant)
            out.appendVarint(ZigZag.encode(first))
            return
        }
        out.append(listed)
        var previous: Int64 = 0
        for row in part.sourceRows {
            out.appendVarint(ZigZag.encode(row &- previous))
            previous = row
        }
    }

    /// - Parameter rowCount: of the segment.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, in number: UInt64, rowCount: Int
    ) throws(Damage) -> [SegmentPart] {
        var cursor = try ByteCursor(bytes, range)
        var sources: [String] = []
        for _ in 0..<(try cursor.count(upTo: rowCount)) {
            let path = try cursor.take(cursor.count(upTo: SegmentFormat.maximumSource))
            sources.append(String(decoding: bytes[path], as: UTF8.self))
        }
        var parts: [SegmentPart] = []
        var segment = number
        var micros: Int64 = 0
        var left = rowCount
        for index in 0..<(try cursor.count(upTo: rowCount)) {
            let distance = try cursor.varint()
            guard distance <= UInt64(UInt32.max), index == 0 || distance > 0 else {
                throw Damage("its parts are out of order")
            }
            segment &+= distance
            let run = try cursor.varint()
            micros &+= ZigZag.decode(try cursor.varint())
            let source = Int(clamping: try cursor.varint())
            guard source < sources.count else { throw Damage("a part's source is not known") }
            let provenance = Provenance(run: run, source: sources[source], importTime: Timestamp(micros: micros))
            let part = try decode(&cursor, upTo: left, segment, provenance)
            left -= part.slots.count
            parts.append(part)
        }
        guard left == 0 else { throw Damage("its parts do not fit its rows") }
        try cursor.expectEnd()
        return parts
    }

    private static func decode(
        _ cursor: inout ByteCursor, upTo limit: Int, _ segment: UInt64, _ provenance: Provenance
    ) throws(Damage) -> SegmentPart {
        let count = try cursor.count(upTo: limit)
        var part = SegmentPart(segment: segment, provenance: provenance, slots: [], sourceRows: [])
        part.slots.reserveCapacity(count)
        part.sourceRows.reserveCapacity(count)
        var next = 0
        for _ in 0..<count {
            let slot = next + (try cursor.count(upTo: SegmentFormat.maximumRows))
            guard slot < SegmentFormat.maximumRows else { throw Damage("a slot is out of range") }
            part.slots.append(UInt16(slot))
            next = slot + 1
        }
        switch try cursor.byte() {
        case constant:
            let distance = ZigZag.decode(try cursor.varint())
            for slot in part.slots { part.sourceRows.append(Int64(slot) &+ distance) }
        case listed:
            var row: Int64 = 0
            for _ in 0..<count {
                row &+= ZigZag.decode(try cursor.varint())
                part.sourceRows.append(row)
            }
        default: throw Damage("its source rows have an unknown form")
        }
        return part
    }
}
