/// Writes records as text.
struct RecordFormat: Sendable {
    private let format: ExportFormat
    private let labels: [String]
    /// For JSON: what stands before each value.
    private let names: [[UInt8]]

    init(_ format: ExportFormat, labels: [String]) {
        self.format = format
        self.labels = labels
        names = labels.enumerated().map { index, label in
            var name: [UInt8] = [index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ",")]
            Array(label.utf8).withUnsafeBufferPointer { Self.appendJSON($0, to: &name) }
            name.append(UInt8(ascii: ":"))
            return name
        }
    }

    func appendHeader(to out: inout [UInt8]) {
        guard format == .csv, !labels.isEmpty else { return }
        for (index, label) in labels.enumerated() {
            if index > 0 { out.append(Self.comma) }
            Array(label.utf8).withUnsafeBufferPointer { Self.appendCSV($0, to: &out) }
        }
        out.append(Self.lineFeed)
    }

    /// The values of some fields of a segment, joined so that writing a record copies bytes and nothing else.
    struct Block: Sendable {
        let rowCount: Int
        fileprivate let width: Int
        fileprivate var text: [UInt8] = []
        /// Field by field.
        fileprivate var cells: [RowBatch.Cell] = []
        /// For each field, whether all its texts can be written as they are.
        fileprivate var isPlain: [Bool] = []
    }

    func block(rowCount: Int, _ columns: [SegmentColumn?]) -> Block {
        var block = Block(rowCount: rowCount, width: columns.count)
        block.cells.reserveCapacity(rowCount * columns.count)
        for column in columns {
            guard let column else {
                block.cells.append(contentsOf: repeatElement(.null, count: rowCount))
                block.isPlain.append(true)
                continue
            }
            // The values' lengths stand before the values.
            let start = column.cells.lazy.filter { !$0.isNull }.map(\.offset).min() ?? column.text.count
            let shift = block.text.count - start
            block.isPlain.append(
                column.text.withUnsafeBufferPointer { text in
                    text[start...].allSatisfy { !Self.needsCare($0, format) }
                })
            block.text.append(contentsOf: column.text[start...])
            block.cells.append(
                contentsOf: column.cells.lazy.map {
                    $0.isNull ? .null : RowBatch.Cell(offset: $0.offset + shift, length: $0.length)
                })
        }
        return block
    }

    func append(_ block: Block, _ slot: Int, to out: inout [UInt8]) {
        block.text.withUnsafeBufferPointer { text in
            for field in 0..<block.width {
                switch format {
                case .csv: if field > 0 { out.append(Self.comma) }
                case .jsonLines: out.append(contentsOf: names[field])
                }
                let cell = block.cells[field * block.rowCount + slot]
                if cell.isNull {
                    if format == .jsonLines { out.append(contentsOf: Self.null) }
                    continue
                }
                let value = UnsafeBufferPointer(rebasing: text[cell.offset..<cell.offset + cell.length])
                append(value, isPlain: block.isPlain[field], to: &out)
            }
        }
        if format == .jsonLines {
            if block.width == 0 { out.append(UInt8(ascii: "{")) }
            out.append(UInt8(ascii: "}"))
        }
        out.append(Self.lineFeed)
    }

    @inline(__always)
    private func append(_ value: UnsafeBufferPointer<UInt8>, isPlain: Bool, to out: inout [UInt8]) {
        switch format {
        case .csv where isPlain && !value.isEmpty:
            out.append(contentsOf: value)
        case .csv:
            Self.appendCSV(value, to: &out)
        case .jsonLines where isPlain:
            out.append(Self.quote)
            out.append(contentsOf: value)
            out.append(Self.quote)
        case .jsonLines:
            Self.appendJSON(value, to: &out)
        }
    }

    /// Whether a text with this byte cannot be written as it is.
    @inline(__always)
    private static func needsCare(_ byte: UInt8, _ format: ExportFormat) -> Bool {
        switch format {
        case .csv: byte == comma || byte == quote || byte == lineFeed || byte == UInt8(ascii: "\r")
        case .jsonLines: byte == quote || byte == UInt8(ascii: "\\") || byte < 0x20
        }
    }

    private static let null = Array("null".utf8)
    private static let comma = UInt8(ascii: ",")
    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")

    /// Quotes where RFC 4180 wants it, and an empty text.
    private static func appendCSV(_ text: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        if !text.isEmpty, text.allSatisfy({ !needsCare($0, .csv) }) {
            out.append(contentsOf: text)
            return
        }
        out.append(quote)
        for byte in text {
            if byte == quote { out.append(quote) }
            out.append(byte)
        }
        out.append(quote)
    }

    private static func appendJSON(_ text: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        out.append(quote)
        for byte in text {
            switch byte {
            case quote, UInt8(ascii: "\\"):
                out.append(UInt8(ascii: "\\"))
                out.append(byte)
            case lineFeed: out.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case UInt8(ascii: "\r"): out.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
            case UInt8(ascii: "\t"): out.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
            case ..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                out.append(contentsOf: Array("\\u00".utf8))
                out.append(digits[Int(byte >> 4)])
                out.append(digits[Int(byte & 15)])
            default: out.append(byte)
            }
        }
        out.append(quote)
    }
}
