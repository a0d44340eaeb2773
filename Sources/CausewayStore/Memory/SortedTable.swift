/// An ordered map of byte strings as a value: copies share what neither has changed.
///
/// Entries stand in sorted chunks, so that a change moves hundreds of entries and not all of them.
struct SortedTable: Sendable {
    struct Entry: Sendable, Equatable {
        var key: [UInt8]
        var value: [UInt8]
    }
    /// The place of an entry, or where it would be put.
    struct Position: Equatable {
        var chunk: Int
        var offset: Int
    }

    private static let greatestChunk = 256
    /// None is empty.
    private var chunks: [[Entry]] = []
    private(set) var count = 0

    /// The first entry whose key is not below `key`; offset is the chunk's count at the table's very end only.
    func lowerBound(_ key: [UInt8]) -> Position {
        let chunk = Self.firstIndex(chunks.count) { !isBelow(chunks[$0][chunks[$0].count - 1].key, key) }
        guard chunk < chunks.count else { return end }
        return Position(
            chunk: chunk, offset: Self.firstIndex(chunks[chunk].count) { !isBelow(chunks[chunk][$0].key, key) })
    }

    var start: Position { Position(chunk: 0, offset: 0) }
    var end: Position { Position(chunk: chunks.count, offset: 0) }

    func entry(at position: Position) -> Entry? {
        guard position.chunk < chunks.count else { return nil }
        return chunks[position.chunk][position.offset]
    }

    func after(_ position: Position) -> Position {
        guard position.offset + 1 < chunks[position.chunk].count else {
            return Position(chunk: position.chunk + 1, offset: 0)
        }
        return Position(chunk: position.chunk, offset: position.offset + 1)
    }

    /// Nil at the start.
    func before(_ position: Position) -> Position? {
        guard position.offset == 0 else { return Position(chunk: position.chunk, offset: position.offset - 1) }
        guard position.chunk > 0 else { return nil }
        return Position(chunk: position.chunk - 1, offset: chunks[position.chunk - 1].count - 1)
    }

    func value(_ key: [UInt8]) -> [UInt8]? {
        guard let found = entry(at: lowerBound(key)), found.key == key else { return nil }
        return found.value
    }

    mutating func put(_ key: [UInt8], _ value: [UInt8]) {
        var place = lowerBound(key)
        if let found = entry(at: place), found.key == key {
            chunks[place.chunk][place.offset].value = value
            return
        }
        count += 1
        if place.chunk == chunks.count {
            guard let last = chunks.indices.last, chunks[last].count < Self.greatestChunk else {
                chunks.append([Entry(key: key, value: value)])
                return
            }
            place = Position(chunk: last, offset: chunks[last].count)
        }
        chunks[place.chunk].insert(Entry(key: key, value: value), at: place.offset)
        guard chunks[place.chunk].count > Self.greatestChunk else { return }
        let tail = Array(chunks[place.chunk][(Self.greatestChunk / 2)...])
        chunks[place.chunk].removeLast(tail.count)
        chunks.insert(tail, at: place.chunk + 1)
    }

    mutating func delete(_ key: [UInt8]) {
        let place = lowerBound(key)
        guard let found = entry(at: place), found.key == key else { return }
        count -= 1
        chunks[place.chunk].remove(at: place.offset)
        if chunks[place.chunk].isEmpty { chunks.remove(at: place.chunk) }
    }

    private static func firstIndex(_ count: Int, _ isPast: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isPast(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
