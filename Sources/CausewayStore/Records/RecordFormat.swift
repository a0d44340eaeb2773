/// Writes records as text.
struct RecordFormat: Sendable {
    private let text: TextFormat
    /// What stands before the first record.
    let header: [UInt8]
    /// What stands before each field's value.
    private let names: [[UInt8]]

    init(_ format: ExportFormat, labels: [String]) {
        let text = TextFormat(format)
        self.text = text
        switch format {
        case .csv:
            let cells = labels.map { text.written(Array($0.utf8)) }
            header = labels.isEmpty ? [] : Array(cells.joined(separator: [UInt8(ascii: ",")])) + [UInt8(ascii: "\n")]
            names = []
        case .jsonLines:
            header = []
            names = labels.enumerated().map { index, label in
                [UInt8(ascii: index == 0 ? "{" : ",")] + text.written(Array(label.utf8)) + [UInt8(ascii: ":")]
            }
        }
    }

    /// The values of some fields of a segment as they are written, so that writing a record copies bytes and nothing else.
    struct Block: Sendable {
        fileprivate let columns: [SegmentColumnView]
        /// Most bytes that a record takes.
        fileprivate let longestRow: Int
    }

    /// - Parameter columns: by field; nil where all is null.
    func block(rowCount: Int, _ columns: [SegmentColumnView?]) -> Block {
        let written = columns.enumerated().map { index, column in
            let column = column ?? SegmentColumnView(nulls: rowCount)
            switch text.format {
            case .csv: return text.needsCare(column) ? text.written(column) : column
            case .jsonLines: return text.written(column, after: names[index], nulls: true)
            }
        }
        return Block(columns: written, longestRow: written.reduce(8) { $0 + $1.longestEntry + 1 })
    }

    /// Appends records until there are `size` bytes or more.
    ///
    /// - Returns: how many.
    func append(_ block: Block, _ slots: ArraySlice<UInt16>, to out: inout ByteSink, upTo size: Int) -> Int {
        let width = block.columns.count
        return withUnsafeTemporaryAllocation(of: Column.self, capacity: max(1, width)) { columns in
            for (index, column) in block.columns.enumerated() { columns[index] = Column(column) }
            guard let columns = columns.baseAddress else { return 0 }
            return withExtendedLifetime(block.columns) {
                switch text.format {
                case .csv: Self.appendCSV(columns, width, block.longestRow, slots, to: &out, upTo: size)
                case .jsonLines: Self.appendJSON(columns, width, block.longestRow, slots, to: &out, upTo: size)
                }
            }
        }
    }

    /// A column's parts, side by side.
    private struct Column {
        let codes: UnsafePointer<UInt16>
        let offsets: UnsafePointer<UInt32>
        let text: UnsafePointer<UInt8>

        init(_ view: SegmentColumnView) {
            codes = UnsafePointer(view.codes)
            offsets = UnsafePointer(view.offsets)
            text = UnsafePointer(view.text)
        }

        /// - Returns: how many bytes it has written.
        @inline(__always)
        func write(_ slot: Int, to out: UnsafeMutablePointer<UInt8>) -> Int {
            let code = codes[slot]
            guard code != SegmentColumnView.null else { return 0 }
            let start = offsets[Int(code)]
            let count = Int(truncatingIfNeeded: offsets[Int(code) &+ 1] &- start)
            ShortBytes.copyPadded(out, text + Int(start), count)
            return count
        }
    }

    private static func appendCSV(
        _ columns: UnsafePointer<Column>, _ width: Int, _ longestRow: Int, _ slots: ArraySlice<UInt16>,
        to out: inout ByteSink, upTo size: Int
    ) -> Int {
        var written = 0
        for slot in slots {
            if out.count >= size { break }
            let target = out.room(longestRow)
            var at = 0
            for index in 0..<width {
                at &+= columns[index].write(Int(slot), to: target + at)
                target[at] = UInt8(ascii: ",")
                at &+= 1
            }
            target[max(at - 1, 0)] = UInt8(ascii: "\n")
            out.advance(max(at, 1))
            written &+= 1
        }
        return written
    }

    private static func appendJSON(
        _ columns: UnsafePointer<Column>, _ width: Int, _ longestRow: Int, _ slots: ArraySlice<UInt16>,
        to out: inout ByteSink, upTo size: Int
    ) -> Int {
        var written = 0
        for slot in slots {
            if out.count >= size { break }
            let target = out.room(longestRow)
            var at = 0
            for index in 0..<width { at &+= columns[index].write(Int(slot), to: target + at) }
            if width == 0 {
                target[at] = UInt8(ascii: "{")
                at &+= 1
            }
            target[at] = UInt8(ascii: "}")
            target[at &+ 1] = UInt8(ascii: "\n")
            out.advance(at &+ 2)
            written &+= 1
        }
        return written
    }
}
