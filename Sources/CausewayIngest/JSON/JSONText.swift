/// JSON text as a value: told, unescaped, made compact. What is changed lies in place and never grows.
enum JSONText {
    /// Whether a value is one whole object or array.
    static func isContainer(_ value: UnsafeRawBufferPointer) -> Bool {
        guard let start = value.baseAddress, let first = value.first,
            first == JSONByte.openBrace || first == JSONByte.openBracket
        else { return false }
        var cursor = JSONCursor(start, from: 0, limit: value.count, readable: value.count, isWhole: true)
        return cursor.skipValue(depth: 0) && cursor.at == value.count
    }

    /// Replaces the escapes of a string, which a cursor went over without a flaw.
    ///
    /// - Returns: its length then.
    static func unescape(_ text: UnsafeMutableRawPointer, _ start: Int, _ length: Int) -> Int {
        let end = start + length
        var from = start
        var to = start
        while from < end {
            let byte = text.load(fromByteOffset: from, as: UInt8.self)
            guard byte == JSONByte.backslash, from + 1 < end else {
                text.storeBytes(of: byte, toByteOffset: to, as: UInt8.self)
                from += 1
                to += 1
                continue
            }
            let letter = text.load(fromByteOffset: from + 1, as: UInt8.self)
            from += 2
            guard letter == UInt8(ascii: "u") else {
                text.storeBytes(of: simple(letter), toByteOffset: to, as: UInt8.self)
                to += 1
                continue
            }
            var scalar = unit(text, from, end)
            from += 4
            if scalar & 0xFC00 == 0xD800 {
                scalar = 0x1_0000 &+ (scalar &- 0xD800) << 10 &+ (unit(text, from + 2, end) &- 0xDC00)
                from += 6
            }
            to = store(scalar, text, to)
        }
        return to - start
    }

    /// Takes the white space out from between the values of an object or array.
    ///
    /// - Returns: its length then.
    static func compact(_ text: UnsafeMutableRawPointer, _ start: Int, _ length: Int) -> Int {
        var to = start
        var isString = false
        var isEscaped = false
        for from in start..<start + length {
            let byte = text.load(fromByteOffset: from, as: UInt8.self)
            if isString {
                if isEscaped {
                    isEscaped = false
                } else if byte == JSONByte.backslash {
                    isEscaped = true
                } else if byte == JSONByte.quote {
                    isString = false
                }
            } else {
                if JSONByte.isSpace(byte) { continue }
                isString = byte == JSONByte.quote
            }
            text.storeBytes(of: byte, toByteOffset: to, as: UInt8.self)
            to += 1
        }
        return to - start
    }

    private static func simple(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }

    private static func unit(_ text: UnsafeMutableRawPointer, _ start: Int, _ end: Int) -> UInt32 {
        guard start + 4 <= end else { return 0xFFFD }
        return (start..<start + 4).reduce(0) { unit, at in
            unit << 4 | (JSONByte.hexDigit(text.load(fromByteOffset: at, as: UInt8.self)) ?? 0)
        }
    }

    private static func store(_ scalar: UInt32, _ text: UnsafeMutableRawPointer, _ start: Int) -> Int {
        var to = start
        func put(_ byte: UInt32) {
            text.storeBytes(of: UInt8(truncatingIfNeeded: byte), toByteOffset: to, as: UInt8.self)
            to += 1
        }
        switch scalar {
        case 0..<0x80: put(scalar)
        case 0x80..<0x800:
            put(0xC0 | scalar >> 6)
            put(0x80 | scalar & 0x3F)
        case 0x800..<0x1_0000:
            put(0xE0 | scalar >> 12)
            put(0x80 | scalar >> 6 & 0x3F)
            put(0x80 | scalar & 0x3F)
        default:
            put(0xF0 | scalar >> 18)
            put(0x80 | scalar >> 12 & 0x3F)
            put(0x80 | scalar >> 6 & 0x3F)
            put(0x80 | scalar & 0x3F)
        }
        return to
    }
}
