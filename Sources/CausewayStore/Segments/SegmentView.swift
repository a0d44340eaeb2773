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

    package var rowCount: Int { layout.rowCount }
    /// The numbers of the fields that its records carry.
    package var fields: [UInt32] { layout.columns.map(\.field) }
    /// Its checksum: another one when it is not the same any more.
    var checksum: UInt64 { Checksum.kept(bytes) }

    /// The records' places and provenance: of the parts' records one behind the other, each in its slot.
    ///
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    func parts() throws(CausewayError) -> [SegmentPart] {
        do throws(Damage) {
            return try layout.parts(of: bytes, number: number)
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
    }

    /// Which of its slots are dead.
    ///
    /// - Parameter dead: the dead slots by the segment of their records' places.
    func deadSlots(_ dead: (UInt64) throws -> DeadSlots) throws -> DeadSlots {
        guard layout.isCompacted else { return try dead(number) }
        var found = DeadSlots()
        var slot: UInt16 = 0
        for part in try parts() {
            let places = try dead(part.segment)
            for place in part.slots {
                if places.contains(Int(place)) { _ = found.insert(slot) }
                slot &+= 1
            }
        }
        return found
    }

    /// The slots of records with places in `segment`, each given by its slot there; nil when one of them is not here.
    func slots(of places: [UInt16], in segment: UInt64) throws(CausewayError) -> [UInt16]? {
        guard layout.isCompacted else {
            return segment == number && places.allSatisfy { Int($0) < rowCount } ? places : nil
        }
        var first = 0
        for part in try parts() {
            guard part.segment == segment else {
                first += part.slots.count
                continue
            }
            var found: [UInt16] = []
            for (index, place) in zip(part.slots.indices, part.slots)
            where found.count < places.count && place == places[found.count] {
                found.append(UInt16(first + index))
            }
            return found.count == places.count ? found : nil
        }
        return nil
    }

    /// When the last of some records was imported.
    func lastImport(of slots: [UInt16]) throws(CausewayError) -> Timestamp {
        if let provenance = layout.provenance { return provenance.importTime }
        var last = Timestamp(micros: .min)
        var rest = slots[...]
        var end = 0
        for part in try parts() {
            end += part.slots.count
            let own = rest.prefix { Int($0) < end }
            rest = rest.dropFirst(own.count)
            if !own.isEmpty { last = max(last, part.provenance.importTime) }
        }
        return last
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
