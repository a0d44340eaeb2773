package import CausewayCore

/// An immutable block of records, its bytes held. Checked whole when opened; a column is decoded when asked for.
package struct SegmentReader: Sendable {
    package let number: UInt64
    private let bytes: [UInt8]
    private let key: [UInt8]
    private let layout: SegmentLayout

    /// - Parameters:
    ///   - key: of the segment in ``Table/segments``, for messages.
    ///   - number: the segment's number.
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    package init(_ bytes: [UInt8], key: [UInt8], number: UInt64) throws(CausewayError) {
        do throws(Damage) {
            let range = try bytes.withUnsafeBufferPointer { all throws(Damage) in
                try Checksum.open(UnsafeRawBufferPointer(all))
            }
            try self.init(body: bytes, in: range, key: key, number: number)
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
    }

    /// The row count of a segment that is not opened; nil when its bytes are none.
    static func rowCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= 3, bytes[0] == SegmentFormat.version else { return nil }
        return Int(bytes[1]) | Int(bytes[2]) << 8
    }

    /// Reads bytes whose checksum was looked at, or is of no interest.
    init(body bytes: [UInt8], in range: Range<Int>, key: [UInt8], number: UInt64) throws(Damage) {
        self.bytes = bytes
        self.key = key
        self.number = number
        layout = try bytes.withUnsafeBufferPointer { all throws(Damage) in
            try SegmentLayout(UnsafeRawBufferPointer(all), in: range)
        }
    }

    package var rowCount: Int { layout.rowCount }
    package var provenance: Provenance { layout.provenance }
    var columns: [SegmentLayout.Column] { layout.columns }
    /// The numbers of the fields that its records carry.
    package var fields: [UInt32] { layout.columns.map(\.field) }

    /// For each slot, which row of its source it was.
    ///
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    package func sourceRows() throws(CausewayError) -> [Int64] {
        try reading { all throws(Damage) in try layout.sourceRows(of: all) }
    }

    /// A field's values; nil when the records do not carry the field.
    ///
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    package func view(of field: UInt32) throws(CausewayError) -> SegmentColumnView? {
        try reading { all throws(Damage) in try layout.view(of: field, in: all, ZstdDecompressor()) }
    }

    /// How many of the cells in `slots` are not null, for each of ``fields``.
    func valueCounts(_ slots: [UInt16]) throws(CausewayError) -> [Int] {
        try reading { all throws(Damage) in
            guard slots.allSatisfy({ Int($0) < rowCount }) else { throw Damage("a slot lies outside") }
            let zstd = ZstdDecompressor()
            var counts: [Int] = []
            counts.reserveCapacity(columns.count)
            for column in columns {
                guard column.kind != .empty, column.hasNulls else {
                    counts.append(column.kind == .empty ? 0 : slots.count)
                    continue
                }
                var decoder = try ColumnDecoder(column, rowCount: rowCount, of: all, zstd)
                let view = try decoder.view()
                counts.append(slots.count { view.codes[Int($0)] != SegmentColumnView.null })
            }
            return counts
        }
    }

    private func reading<T>(_ body: (UnsafeRawBufferPointer) throws(Damage) -> T) throws(CausewayError) -> T {
        do throws(Damage) {
            return try bytes.withUnsafeBufferPointer { all throws(Damage) in try body(UnsafeRawBufferPointer(all)) }
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
    }
}

/// A segment read where it lies: valid only while its bytes are, as inside the closure of a read transaction. What it
/// gives out may be kept. Checked whole when opened.
package struct SegmentView: ~Copyable {
    package let number: UInt64
    private let bytes: UnsafeRawBufferPointer
    private let key: [UInt8]
    private let layout: SegmentLayout
    private let zstd = ZstdDecompressor()

    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    package init(_ bytes: UnsafeRawBufferPointer, key: [UInt8], number: UInt64) throws(CausewayError) {
        do throws(Damage) {
            layout = try SegmentLayout(bytes, in: Checksum.open(bytes))
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
        self.bytes = bytes
        self.key = key
        self.number = number
    }

    package var rowCount: Int { layout.rowCount }
    package var provenance: Provenance { layout.provenance }
    /// The numbers of the fields that its records carry.
    package var fields: [UInt32] { layout.columns.map(\.field) }

    /// As ``SegmentReader/sourceRows()``.
    package func sourceRows() throws(CausewayError) -> [Int64] {
        do throws(Damage) {
            return try layout.sourceRows(of: bytes)
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
    }

    /// As ``SegmentReader/view(of:)``; reuses its decompressor.
    package func view(of field: UInt32) throws(CausewayError) -> SegmentColumnView? {
        do throws(Damage) {
            return try layout.view(of: field, in: bytes, zstd)
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
    }
}
