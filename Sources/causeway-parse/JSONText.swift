/// Writes JSON, part by part.
struct JSONText {
    var bytes: [UInt8] = []
    /// No comma before the next part.
    private var isFirst = true

    mutating func object(_ body: (inout Self) -> Void) {
        begin("{")
        body(&self)
        end("}")
    }

    mutating func array<Part>(_ parts: [Part], _ body: (inout Self, Part) -> Void) {
        begin("[")
        for part in parts { body(&self, part) }
        end("]")
    }

    mutating func member(_ name: String) {
        string(name.utf8)
        bytes.append(UInt8(ascii: ":"))
        isFirst = true
    }

    mutating func number(_ number: Int64) {
        separate()
        bytes += Array(String(number).utf8)
    }

    /// Text in UTF-8, nil for null.
    mutating func string(_ text: (some Sequence<UInt8>)?) {
        separate()
        guard let text else {
            bytes += Array("null".utf8)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes += [UInt8(ascii: "\\"), byte]
            } else if byte < 0x20 {
                let digits = Array("0123456789abcdef".utf8)
                bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            } else {
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func begin(_ bracket: Unicode.Scalar) {
        separate()
        bytes.append(UInt8(ascii: bracket))
        isFirst = true
    }

    private mutating func end(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        isFirst = false
    }

    private mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
    }
}
