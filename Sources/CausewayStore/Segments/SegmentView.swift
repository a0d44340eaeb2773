package import CausewayCore

/// An immutable block of records, read where it lies: valid only while its bytes are, as inside the closure of a read transaction. What it
/// gives out may be kept. Checked whole when opened.
package struct SegmentView: ~Copyable {
    package let number: UInt64
    private let bytes: UnsafeRawBufferPointer
    private let key: [UInt8]
    private let layout: SegmentLayout
    private let zstd: ZstdDecompressor

    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    package init(_ bytes: UnsafeRawBufferPointer, key: [UInt8], number: UInt64) throws(CausewayError) {
        try self.init(bytes, key: key, number: number, ZstdDecompressor())
    }

    /// - Parameter zstd: may be used for one segment after the other.
    init(
        _ bytes: UnsafeRawBufferPointer, key: [UInt8], number: UInt64, _ zstd: ZstdDecompressor
    ) throws(CausewayError) {
        do throws(Damage) {
            layout = try SegmentLayout(bytes, in: Checksum.open(bytes))
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
        self.bytes = bytes
        self.key = key
        self.number = number
        self.zstd = zstd
    }

    /// The row count of a segment that is not opened; nil when its bytes are none.
    static func rowCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= 3, bytes[0] == SegmentFormat.version else { return nil }
        return Int(bytes[1]) | Int(bytes[2]) << 8
    }

    package var rowCount: Int { layout.rowCount }
    package var provenance: Provenance { layout.provenance }
    /// The numbers of the fields that its records carry.
    package var fields: [UInt32] { layout.columns.map(\.field) }

    /// For each slot, which row of its source it was.
    ///
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    package func sourceRows() throws(CausewayError) -> [Int64] {
        do throws(Damage) {
            return try layout.sourceRows(of: bytes)
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
    }

    /// A field's values; nil when the records do not carry the field.
    ///
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    package func view(of field: UInt32) throws(CausewayError) -> SegmentColumnView? {
        do throws(Damage) {
            return try layout.view(of: field, in: bytes, zstd)
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
    }

    /// Calls `body` with a field's values, valid only inside of it; not when the records do not carry the field.
    ///
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    func withColumn(
        of field: UInt32, _ body: (SegmentColumn) throws(Damage) -> Void
    ) throws(CausewayError) -> Bool {
        do throws(Damage) {
            guard let column = try layout.column(of: field, in: bytes, zstd) else { return false }
            try body(column)
            return true
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
    }
}
