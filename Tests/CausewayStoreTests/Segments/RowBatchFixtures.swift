import CausewayCore

@testable import CausewayStore

/// A generator whose numbers depend on its seed only.
struct RowRandom: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &+ 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

extension RowBatchBuilder {
    mutating func append(_ text: String?) {
        guard let text else { return appendNull() }
        Array(text.utf8).withUnsafeBytes { append($0) }
    }
}

/// A batch of these rows; the first is row `firstRow` of its source.
func rowBatch(_ rows: [[String?]], columns: Int? = nil, firstRow: Int64 = 1) throws -> RowBatch {
    var builder = try RowBatchBuilder(columnCount: columns ?? rows.first?.count ?? 1)
    for (index, row) in rows.enumerated() {
        for cell in row { builder.append(cell) }
        _ = builder.endRow(sourceRow: firstRow + Int64(index), line: firstRow + Int64(index) + 1)
    }
    return builder.take()
}

let testSeed = ContentSeed(0x5EED)
let testShard = ShardID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)
