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
            Self.appendJSON(Array(label.utf8)[...], to: &name)
            name.append(UInt8(ascii: ":"))
            return name
        }
    }

    func appendHeader(to out: inout [UInt8]) {
        guard format == .csv, !labels.isEmpty else { return }
        for (index, label) in labels.enumerated() {
            if index > 0 { out.append(Self.comma) }
            Self.appendCSV(Array(label.utf8)[...], to: &out)
        }
        out.append(Self.lineFeed)
    }

    func append(_ columns: [SegmentColumn?], _ slot: Int, to out: inout [UInt8]) {
        switch format {
        case .csv:
            for (index, column) in columns.enumerated() {
                if index > 0 { out.append(Self.comma) }
                if let bytes = column?.bytes(slot) { Self.appendCSV(bytes, to: &out) }
            }
        case .jsonLines:
            for (name, column) in zip(names, columns) {
                out.append(contentsOf: name)
                if let bytes = column?.bytes(slot) {
                    Self.appendJSON(bytes, to: &out)
                } else {
                    out.append(contentsOf: Array("null".utf8))
                }
            }
            if names.isEmpty { out.append(UInt8(ascii: "{")) }
            out.append(UInt8(ascii: "}"))
        }
        out.append(Self.lineFeed)
    }

    private static let comma = UInt8(ascii: ",")
    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")

    /// Quotes where RFC 4180 wants it, and an empty text.
    private static func appendCSV(_ text: ArraySlice<UInt8>, to out: inout [UInt8]) {
        let isPlain = text.withUnsafeBufferPointer { bytes in
            bytes.allSatisfy { $0 != comma && $0 != quote && $0 != lineFeed && $0 != UInt8(ascii: "\r") }
        }
        if isPlain && !text.isEmpty {
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

    private static func appendJSON(_ text: ArraySlice<UInt8>, to out: inout [UInt8]) {
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
